# Reads lines "GROUP PROGRAM MEDIAN LEAST MOST" and prints a chart (SVG): a bar for each program's ratio to the reference,
# with its spread as a thin line, grouped; an upright line at 1. What is longer than MOST is cut off there.
function text(x, y, style, s) { body = body sprintf("<text x=\"%d\" y=\"%d\" %s>%s</text>\n", x, y, style, s) }
function at(r) { return LEFT + (r > MOST ? MOST : r) / MOST * WIDTH }
BEGIN { LEFT = 210; WIDTH = 440; MOST = 3; ROW = 15; y = 34 }
{
  if ($1 != group) { group = $1; y += 20; text(8, y, "class=\"g\"", group); y += 5 }
  y += ROW
  name = $2; sub(/^[a-z]+_/, "", name); gsub(/_/, " ", name)
  text(LEFT - 8, y - 4, "text-anchor=\"end\"", name)
  body = body sprintf("<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" class=\"%s\"/>\n", LEFT, y - ROW + 3, at($3) - LEFT, ROW - 4, $3 <= 1 ? "a" : "b")
  body = body sprintf("<path d=\"M%.1f %.1fH%.1f\" class=\"s\"/>\n", at($4), y - ROW / 2 + 1, at($5))
  text(LEFT + WIDTH + 8, y - 4, "", sprintf("%.2f", $3))
}
END {
  height = y + 14
  printf "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\">\n", LEFT + WIDTH + 50, height, LEFT + WIDTH + 50, height
  print "<style>text{font:11px sans-serif;fill:#333}.g{font-weight:bold}.h{font-size:13px}.a{fill:#7fb69a}.b{fill:#e0b080}.s{stroke:#555;fill:none}.o{stroke:#333}</style>"
  printf "<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n"
  print "<text x=\"8\" y=\"18\" class=\"h\">Corten against OTP 27's own engine: ratio of medians, shorter is better</text>"
  for (i = 0; i <= MOST; i++) printf "<text x=\"%d\" y=\"36\" text-anchor=\"middle\">%d%s</text>\n", at(i), i, i == MOST ? "+" : ""
  printf "%s<path d=\"M%.1f 40V%d\" class=\"o\"/>\n</svg>\n", body, at(1), height - 8
}
