defmodule J do
  def enc(nil), do: "null"
  def enc(b) when is_boolean(b), do: to_string(b)
  def enc(n) when is_number(n), do: to_string(n)
  def enc(s) when is_binary(s), do: inspect(s)
  def enc(l) when is_list(l), do: "[" <> Enum.map_join(l, ",", &enc/1) <> "]"
  def enc(m) when is_map(m), do: "{" <> (m |> Enum.sort() |> Enum.map_join(",", fn {k, v} -> enc(to_string(k)) <> ":" <> enc(v) end)) <> "}"
  def dec(s) do
    {v, rest} = val(ws(s))
    "" = ws(rest)
    v
  end
  defp ws(<<c, r::binary>>) when c in ~c" \n\t", do: ws(r)
  defp ws(s), do: s
  defp val("null" <> r), do: {nil, r}
  defp val("true" <> r), do: {true, r}
  defp val("false" <> r), do: {false, r}
  defp val("\"" <> r), do: str(r, [])
  defp val("[" <> r), do: arr(ws(r), [])
  defp val("{" <> r), do: obj(ws(r), %{})
  defp val(s) do
    case Regex.run(~r/^-?\d+(\.\d+)?([eE][-+]?\d+)?/, s) do
      [m] -> {String.to_integer(m), String.replace_prefix(s, m, "")}
      [m | _] -> {String.to_float(m), String.replace_prefix(s, m, "")}
    end
  end
  defp str("\"" <> r, acc), do: {IO.iodata_to_binary(Enum.reverse(acc)), r}
  defp str("\\n" <> r, acc), do: str(r, ["\n" | acc])
  defp str("\\" <> <<c, r::binary>>, acc), do: str(r, [c | acc])
  defp str(<<c::utf8, r::binary>>, acc), do: str(r, [<<c::utf8>> | acc])
  defp arr("]" <> r, acc), do: {Enum.reverse(acc), r}
  defp arr("," <> r, acc), do: arr(ws(r), acc)
  defp arr(s, acc) do
    {v, r} = val(s)
    arr(ws(r), [v | acc])
  end
  defp obj("}" <> r, m), do: {m, r}
  defp obj("," <> r, m), do: obj(ws(r), m)
  defp obj("\"" <> s, m) do
    {k, r} = str(s, [])
    ":" <> r = ws(r)
    {v, r} = val(ws(r))
    obj(ws(r), Map.put(m, k, v))
  end
end
doc = %{"name" => "Ünï\n\"q\"", "list" => [1, -2.5, true, nil, %{}], "nested" => %{"a" => [[], [1]]}}
s = J.enc(doc)
IO.puts(s)
IO.inspect(J.dec(s) == doc)
big = Enum.map(1..2000, fn i -> %{"id" => i, "tags" => ["a", "b"], "score" => i / 4} end)
IO.inspect(J.dec(J.enc(big)) == big)
IO.inspect(:erlang.crc32(J.enc(big)))
