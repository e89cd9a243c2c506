# Reads samples, lines "PROGRAM a|b VALUE HASH UNIT" (a: the reference, b: the engine), and prints the table of ratios.
# md: a file that gets it as Markdown; ratios: a file that gets lines "GROUP PROGRAM MEDIAN LEAST MOST" for the chart.
function median(v, n,   s, i, j, t) {
  for (i = 1; i <= n; i++) s[i] = v[i]
  for (i = 2; i <= n; i++) for (j = i; j > 1 && s[j-1] > s[j]; j--) { t = s[j]; s[j] = s[j-1]; s[j-1] = t }
  return n % 2 ? s[(n+1)/2] : (s[n/2] + s[n/2+1]) / 2
}
function row(name, mid, lo, hi, more) {
  printf "%-30s %7s  %6s - %-6s %s\n", name, mid, lo, hi, more
  if (md) printf "| %s | %s | %s – %s | %s |\n", name, mid, lo, hi, more > md
}
{
  p = $1
  if (!(p in seen)) { seen[p] = 1; order[++np] = p }
  if ($3 == "failed") { bad[p] = bad[p] ($2 == "a" ? " reference" : " engine"); $1 = $2 = $3 = ""; why[p] = $0; next }
  if ($4 != "0") { if ((p in hash) && hash[p] != $4) differs[p] = 1; hash[p] = $4 }
  if ($5 != "") unit[p] = $5
  if ($2 == "a") a[p, ++na[p]] = $3; else b[p, ++nb[p]] = $3
}
END {
  printf "%-30s %7s  %-15s %s\n", "program", "ratio", "least - most", ""
  if (md) printf "| program | engine / reference | least – most | |\n|---|---|---|---|\n" > md
  for (i = 1; i <= np; i++) {
    p = order[i]; g = p; sub(/_.*/, "", g)
    n = na[p] < nb[p] ? na[p] : nb[p]
    if (n == 0 || p in bad) { row(p, "failed", "-", "-", "on" bad[p] ":" why[p]); failed[g]++; continue }
    lo = 1e9; hi = 0
    for (k = 1; k <= n; k++) {
      x = b[p, k] / (a[p, k] > 0 ? a[p, k] : 1); q[k] = x; ma[k] = a[p, k]; mb[k] = b[p, k]
      if (x < lo) lo = x
      if (x > hi) hi = x
    }
    m = median(q, n); more = ""
    if (p in unit) more = sprintf("%s against %s %s", median(mb, n), median(ma, n), unit[p])
    if (differs[p]) more = "RESULTS DIFFER"
    else if (hi / lo > 1.3) more = more (more == "" ? "" : ", ") "noisy"
    row(p, sprintf("%.2f", m), sprintf("%.2f", lo), sprintf("%.2f", hi), more)
    if (ratios) printf "%s %s %.3f %.3f %.3f\n", g, p, m, lo, hi > ratios
    if (p in unit) continue
    if (!(g in cnt)) groups[++ng] = g
    sum[g] += log(m); cnt[g]++
    if (!(g in worst) || m > worst[g]) worst[g] = m
  }
  print ""
  for (i = 1; i <= ng; i++) {
    g = groups[i]
    s = sprintf("geometric mean of %s: %.2f over %d programs, worst %.2f%s", g, exp(sum[g] / cnt[g]), cnt[g], worst[g], failed[g] ? ", " failed[g] " failed" : "")
    print s
    if (md) print "\n" s "." > md
  }
}
