FROM node:20-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY tsconfig.json tsconfig.build.json ./
COPY src ./src
RUN npm run build && npm prune --omit=dev

FROM node:20-slim
ENV NODE_ENV=production HOST=0.0.0.0 DATA_DIR=/data
WORKDIR /app
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY package.json ./
COPY resources ./resources
RUN mkdir /data && chown node:node /data
USER node
VOLUME /data
EXPOSE 8080
# HOST is not loopback, so API_KEYS must be given: docker run -e API_KEYS=user:... -p 8080:8080 understudy
CMD ["node", "dist/main.js"]
