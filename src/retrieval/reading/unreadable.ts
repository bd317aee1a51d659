/** Why a file cannot be read, born where it is found out. The reason goes on after the name of the file: "is encrypted". */
export class Unreadable extends Error {
  override readonly name = "Unreadable";
}
