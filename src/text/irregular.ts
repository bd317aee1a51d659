/** English forms that no stemmer brings together, the base first. Regular forms are the stemmer's. */
const forms = `
spend spent;buy bought;send sent;pay paid;lose lost;break broke broken;keep kept;take took taken;give gave given;come came;
write wrote written;choose chose chosen;wear wore worn;tear tore torn;hold held;build built;find found;sell sold;
tell told;hear heard;forget forgot forgotten;freeze froze frozen;steal stole stolen;bend bent;stick stuck;know knew known;
begin began begun;run ran;drive drove driven;fall fell fallen;grow grew grown;lead led;bring brought;think thought;
catch caught;eat ate eaten;feel felt;lend lent;mean meant;meet met;see saw seen;shake shook shaken;shrink shrank shrunk;
sink sank sunk;sleep slept;speak spoke spoken;spin spun;throw threw thrown;understand understood;wake woke woken;win won;
drink drank drunk;blow blew blown;burn burnt;hide hid hidden;lay laid;make made;rise rose risen;say said;
show shown;spill spilt;stand stood;swear swore sworn;teach taught;deliver delivery deliveries;arrive arrival arrivals;
refuse refusal;cancel cancellation cancelled canceled;expire expiry expiration;inspect inspection;withdraw withdrew withdrawn;
child children;person people;knife knives;shelf shelves;mouse mice;foot feet;tooth teeth
`;

const bases = new Map(
  forms
    .trim()
    .split(/;\s*/)
    .flatMap((line) => {
      const [base = "", ...others] = line.split(" ");
      return others.map((form): [string, string] => [form, base]);
    }),
);

/** The base of an irregular form in lower case; any other word as it is. */
export function baseForm(word: string): string {
  return bases.get(word) ?? word;
}
