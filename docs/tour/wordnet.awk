# Turns WordNet's data.<pos> files into two files for COPY: synsets and hypernym links.
# Variables: synsets, links (output files, appended to). Format: wndb(5).
BEGIN { hex = "0123456789abcdef" }
/^  / { next }  # licence
{
  bar = index($0, " | ")
  gloss = substr($0, bar + 3); sub(/[ ]+$/, "", gloss); gsub(/\\/, "\\\\", gloss)
  pos = $3 == "s" ? "a" : $3
  id = pos $1
  words = (index(hex, substr($4, 1, 1)) - 1) * 16 + index(hex, substr($4, 2, 1)) - 1
  lemmas = ""
  for (i = 0; i < words; i++) {
    lemma = $(5 + 2 * i); sub(/\([a-z]+\)$/, "", lemma); gsub(/_/, " ", lemma)
    lemmas = lemmas (i ? "," : "") "\"" lemma "\""
  }
  print id "\t" pos "\t{" lemmas "}\t" gloss >> synsets
  at = 5 + 2 * words
  count = $at + 0
  for (i = 0; i < count; i++) {
    symbol = $(at + 1 + 4 * i)
    if (symbol == "@" || symbol == "@i")
      print id "\t" $(at + 3 + 4 * i) $(at + 2 + 4 * i) "\t" (symbol == "@i" ? "t" : "f") >> links
  }
}
