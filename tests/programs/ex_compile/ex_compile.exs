# Compiling modules at run time: warnings off, errors as values, protocols, module attributes, reflection.
Code.put_compiler_option(:ignore_module_conflict, true)
[{m, bin}] = Code.compile_string("defmodule Dyn do\n def v, do: 1\n def w(x) when is_list(x), do: length(x)\nend")
IO.inspect({m, is_binary(bin), Dyn.v(), Dyn.w([1, 2])})
Code.compile_string("defmodule Dyn do\n def v, do: 2\nend")
IO.inspect(apply(Dyn, :v, []))
IO.inspect(try do Code.compile_string("defmodule Bad do\n def f(, do: 1\nend") rescue e -> {e.__struct__, e.line} end)
IO.inspect(try do Code.eval_string("undefined_fun_zz()") rescue e -> e.__struct__ end)
contents = quote do
  def hello(n), do: "hello #{n}"
  @x 42
  def x, do: @x
end
Module.create(Gen, contents, Macro.Env.location(__ENV__))
IO.inspect({apply(Gen, :hello, ["w"]), apply(Gen, :x, [])})
IO.inspect(Code.ensure_loaded?(Gen))
IO.inspect(Code.ensure_loaded(No.Such.Mod))
defmodule Hooks do
  defmacro __using__(opts) do
    quote do
      @opts unquote(opts)
      @before_compile Hooks
      Module.register_attribute(__MODULE__, :tests, accumulate: true)
      import Hooks
    end
  end
  defmacro test(name, do: b) do
    f = String.to_atom(name)
    quote do
      @tests unquote(f)
      def unquote(f)(), do: unquote(b)
    end
  end
  defmacro __before_compile__(_) do
    quote do
      def run, do: {@opts, Enum.map(Enum.reverse(@tests), &{&1, apply(__MODULE__, &1, [])})}
    end
  end
end
defmodule T do
  use Hooks, a: 1
  test("adds", do: 1 + 1)
  test("fails", do: :no)
end
IO.inspect(T.run())
IO.inspect(Macro.prewalk(quote(do: a + b * 2), fn {:*, m, args} -> {:-, m, args}; x -> x end) |> Macro.to_string())
IO.inspect(Macro.underscore("FooBar.BazQux"))
IO.inspect(Macro.camelize("foo_bar"))
IO.inspect(Module.concat(Foo, "Bar"))
IO.inspect(Module.split(Foo.Bar))
IO.puts(Code.format_string!("foo( a,b )\nif x do y else z end\n[1,2|t]"))
IO.inspect(T.module_info(:exports) |> Keyword.keys() |> Enum.uniq() |> Enum.sort())
IO.puts(EEx.eval_string("Hi <%= name %>!<%= for i <- 1..3 do %> <%= i %><% end %>", name: "Bob"))
IO.inspect(Code.string_to_quoted("a b c") |> elem(0))
