# The tables of `run`. Input: engine ("r" reference, "e" under test), suite, case, result, detail, separated by tabs.
# -v what=page: Markdown; bars: one line for each application; differences: suite and case of what passes on the reference only.
# -v suites=FILE -v expectations=FILE

# Why a case that fails on the reference too fails there: this runs without a network of nodes and without C code built for tests.
function cause(result, detail) {
  if (detail ~ /not_alive|nodistribution|noconnection|net_kernel|nodedown|epmd|peer,start|start_peer|start_node|erl_boot_server|\{badmatch,false\},\[\{erlang,is_alive/) return "distribution"
  if (detail ~ /load_nif|erl_ddll|load_driver|open_port.*enoent|\.so[^a-z]|nif_not_loaded/) return "native"
  return result == "skip" ? "skipped" : "fails"
}
function percent(a, b) { return b ? 100 * a / b : 100 }
function shown(p) { return sprintf("%.1f", int(p * 10) / 10) } # never rounded up to a bar
function bar_line(name, title, bar) {
  return sprintf("%s: %d of %d pass, %s %%%s", title, pass[name], total[name], shown(percent(pass[name], total[name])), \
    bar == "-" ? "" : sprintf(" (bar %s %%: %s)", bar, percent(pass[name], total[name]) >= bar ? "reached" : "missed"))
}
BEGIN {
  FS = "\t"
  while ((getline line < suites) > 0) {
    n = split(line, w, " ")
    if (w[1] == "app") { apps[++na] = w[2]; bar[w[2]] = w[4] }
    else if (w[1] == "skip") { reason = line; sub(/^skip +[^ ]+ +/, "", reason); skip[++nk] = w[2] "\t" reason }
    else if (w[1] ~ /\//) { order[++ns] = w[1]; core[w[1]] = (line " " ~ / core /) }
  }
  while ((getline line < expectations) > 0)
    if (line !~ /^#/ && split(line, w, " ") > 2) {
      reason = line; sub(/^[^ ]+ +[^ ]+ +/, "", reason); why[w[1], w[2]] = reason
      kind = reason; sub(/:.*/, "", kind); class[w[1], w[2]] = kind
    }
}
$1 == "r" {
  seen[$2] = 1
  if ($3 == "(engine)") next
  if ($4 == "ok") { ref[$2]++; list[++m] = $2 "\t" $3 }
  else { c = cause($4, $5); if (c == "distribution") away[$2]++; else if (c == "native") native[$2]++; else if (c == "skipped") skipped[$2]++; else fails[$2]++ }
}
$1 == "e" { result[$2, $3] = $4; detail[$2, $3] = $5 }
END {
  for (i = 1; i <= m; i++) {
    split(list[i], a, "\t"); s = a[1]; app = s; sub(/\/.*/, "", app)
    if (result[s, a[2]] == "ok") { ok[s]++; pass[app]++; total[app]++; pass["all"]++; total["all"]++; if (core[s]) { pass["core"]++; total["core"]++ } }
    else {
      diff[++d] = list[i]
      if (class[s, a[2]] ~ /^(distribution|sockets)$/) away[s]++
      else { differs[s]++; total[app]++; total["all"]++; if (core[s]) total["core"]++ }
    }
  }
  if (what == "differences") { for (i = 1; i <= d; i++) print diff[i]; exit }
  bars = "Share of the cases that pass on the reference and need neither distribution nor sockets:\n\n"
  for (i = 1; i <= na; i++) if (apps[i] in total) bars = bars "- " bar_line(apps[i], apps[i], bar[apps[i]]) "\n"
  if ("core" in total) bars = bars "- " bar_line("core", "core (what every program depends on)", 90) "\n"
  if ("all" in total) bars = bars "- " bar_line("all", "all", "-") "\n"
  if (what == "bars") { printf "%s", bars; exit }
  print "OTP's own test suites, case by case: `./x conform`. Both engines run the same compiled files, as nodes that are not"
  print "connected to others and without the C code of some tests.\n"
  print bars
  print "The columns: cases that pass on the reference; of those, on Corten; those that do not; those that cannot run here because"
  print "they need other nodes or sockets, or C code; those that are skipped or fail on the reference too.\n"
  print "| suite | reference passes | Corten passes | differs | needs distribution or sockets | needs C code | skipped | fails on both |\n|---|--:|--:|--:|--:|--:|--:|--:|"
  for (i = 1; i <= ns; i++) if ((s = order[i]) in seen)
    printf "| %s | %d | %d | %d | %d | %d | %d | %d |\n", s, ref[s], ok[s], differs[s], away[s], native[s], skipped[s], fails[s]
  print "\n## Differences\n"
  if (!d) print "None."
  for (i = 1; i <= d; i++) {
    split(diff[i], a, "\t"); r = result[a[1], a[2]]; text = detail[a[1], a[2]]; gsub(/`/, "\x27", text)
    printf "- %s `%s`: %s; %s\n", a[1], a[2], r ? r : "not run", (a[1], a[2]) in why ? why[a[1], a[2]] : "not looked into: `" text "`"
  }
  print "\n## Suites that are not run\n"
  for (i = 1; i <= nk; i++) { split(skip[i], a, "\t"); printf "- %s: %s\n", a[1], a[2] }
}
