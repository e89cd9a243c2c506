%% What ets:select_replace/2 takes: specifications that show that rows keep their keys. Names in continuations.
-module(ets_replace).
-include("t.hrl").
main() ->
    Rows = [{a, 1}, {1, 2}, {1.5, 3}, {{x, y}, 4}, {[l, m], 5}, {#{k => v}, 6}, {"str", 7}, {<<1>>, 8}, {{x, 9}, 9}, {[], 10}, {{}, 11}],
    [?P({S, [replaced([K], Rows, S) || K <- [set, ordered_set]]}) || S <- specs()],
    [?P({S, replaced([set, {keypos, 2}], [{a, b}], S)})
     || S <- [{{'$1', '$2'}, [], [{{'$1', '$2'}}]}, {{'$1', '$2'}, [], [{{'$1'}}]}, {{'$1', '$2'}, [], [{{x, {element, 2, '$_'}}}]},
              {{'$1', '$2'}, [], [{{{element, 1, '$_'}, '$1'}}]}, {{'$1'}, [], [{{'$1'}}]}]],
    T = ets:new(t, []), ets:insert(T, {a, 1}),
    ?P(catch_error(fun() -> ets:select_replace(T, [{{'$1', '_'}, [], [{{'$1', n}}]}, {{'$1', '_'}, [], [{{x, n}}]}]) end)),
    [?P({K, renamed([K]), deleted([K])}) || K <- [set, ordered_set, bag, duplicate_bag]],
    [?P({K, chunks(K, N)}) || K <- [set, ordered_set, bag], N <- [1, 7, 1000, 5000, 20000]].

replaced(Options, Rows, Spec) ->
    T = ets:new(t, Options), ets:insert(T, Rows),
    R = catch_error(fun() -> ets:select_replace(T, [Spec]) end),
    {R, length(ets:tab2list(T) -- Rows)}.

catch_error(F) -> try F() catch error:E -> E end.

named(Options) ->
    ets:new(names, [named_table | Options]), ets:insert(names, [{I, 0} || I <- lists:seq(1, 9)]),
    element(2, ets:select(names, [{{'$1', '_'}, [], ['$1']}], 5)).

renamed(Options) ->
    C = named(Options), ets:rename(names, others),
    R = catch_error(fun() -> length(element(1, ets:select(C))) end), ets:delete(others), R.

deleted(Options) ->
    C = named(Options), ets:delete(names), _ = named(Options),
    R = catch_error(fun() -> length(element(1, ets:select(C))) end), ets:delete(names), R.

%% Long chunks, of a process that holds much else: a search that pauses goes on.
chunks(Kind, N) ->
    T = ets:new(t, [Kind]), ets:insert(T, [{I, I} || I <- lists:seq(1, 10000)]),
    Much = [{I, [I]} || I <- lists:seq(1, 100000)],
    R = chunks(ets:select(T, [{'_', [], ['$_']}], N), [], Kind), length(Much) + R.
chunks('$end_of_table', All, ordered_set) -> true = lists:append(lists:reverse(All)) =:= [{I, I} || I <- lists:seq(1, 10000)], length(All);
chunks('$end_of_table', All, _) -> true = lists:sort(lists:append(All)) =:= [{I, I} || I <- lists:seq(1, 10000)], length(All);
chunks({L, C}, All, Kind) -> chunks(ets:select(C), [L | All], Kind).

specs() ->
    [ {{a,'_'},[],[{{a,x}}]}, {{a,'_'},[],[{{{const,a},x}}]}, {{1,'_'},[],[{{1,x}}]}, {{1,'_'},[],[{{1.0,x}}]},{{1,'_'},[],[{{{const,1},x}}]},
    {{1,'_'},[],[{{{const,1.0},x}}]},
    {{{x,'$1'},'_'},[],[{{{{x,'$1'}},n}}]}, {{{x,'$1'},'_'},[],[{{{{y,'$1'}},n}}]}, {{{x,y},'_'},[],[{{{const,{x,y}},n}}]},{{{x,y},'_'},[],[{{{{x,y}},n}}]},
    {{{x,'$1'},'_'},[],[{{{const,{x,'$1'}},n}}]},
    {{[l,'$1'],'_'},[],[{{[l,'$1'],n}}]}, {{[l|'$1'],'_'},[],[{{[l|'$1'],n}}]}, {{['$1'|'$2'],'_'},[],[{{['$1'|'$2'],n}}]}, {{['$1'|'_'],'_'},[],[{{['$1'|'_'],n}}]},
    {{[l,m],'_'},[],[{{{const,[l,m]},n}}]}, {{#{k=>v},'_'},[],[{{#{k=>v},n}}]}, {{#{k=>'$1'},'_'},[],[{{#{k=>'$1'},n}}]}, {{#{k=>v},'_'},[],[{{{const,#{k=>v}},n}}]},
    {{"str",'_'},[],[{{"str",n}}]}, {{<<1>>,'_'},[],[{{<<1>>,n}}]}, {{'_','_'},[],[{{'_',n}}]}, {{'$1','_'},[],[{{'$1',n}}]},{{'$1','$2'},[],[{{'$1',n,m}}]},
    {{'$1','$2'},[],['$_']}, {'$1',[],['$_']}, {'$1',[],['$1']}, {'_',[],['$_']}, {{'$1','_'},[],[{{{element,1,'$_'},n}}]}, {{'$1','_'},[],[{{{element,2,'$_'},n}}]},
    {'$1',[],[{{{element,1,'$_'},n}}]}, {'$1',[],[{{{element,1,'$1'},n}}]}, {{'$1','_'},[],[{{'$$',n}}]}, {{'$_','_'},[],[{{'$_',n}}]}, {{'$$','_'},[],[{{'$$',n}}]},
    {{'$1','_'},[],[{{'$2',n}}]}, {{'$1','$1'},[],[{{'$1',n}}]}, {{'$1','_'},[],[{{}}]}, {{'$1','_'},[],[{const,{a,b}}]}, {{'$1','_'},[],['$1','$_']},{{'$1','_'},[],[]},
    {{'$1','_'},[],[{{'$1',n}},{{'$1',m}}]}, {{a,'_'},[],[{const,{a,b}}]}, {{[],'_'},[],[{{[],b}}]}, {{{},'_'},[],[{{{{}},b}}]}, {{{},'_'},[],[{{{const,{}},b}}]}, {{{},'_'},[],[{{{},b}}]},
    {{'$1','_'},[{'==','$1',a}],[{{a,b}}]}, {{'$01','_'},[],[{{'$1',b}}]}, {{'$1','_'},[],[{{'$01',b}}]}, {{ {{'$1'}},'_'},[],[{{ {{ {{'$1'}} }},b}}]},
    {{"str"++'_','_'},[],[{{"str"++'_',n}}]}, {{-0.0,'_'},[],[{{0.0,n}}]}, {{'$1','_'},[],[{{{hd,['$1']},n}}]}, {{'$1','_'},[],[{{{const,'$1'},n}}]}, {{{const,'$1'},'_'},[],[{{{{const,'$1'}},n}}]} ].
