%% Searches of ordered sets whose pattern fixes the first elements of the key, in every direction and in chunks.
-module(ets_prefix).
-export([main/0]).
main() ->
    T = ets:new(t,[ordered_set]),
    [ets:insert(T,{{A,B,C},A,B,C}) || A <- [a,b,1,1.5,<<>>,[]], B <- [x,y,{},#{}], C <- lists:seq(1,300)],
    ets:insert(T,[{{a},1},{{a,x},1},{a,1},{{b,x,1,2},3},{{1.0,x,7},z}]),
    P = fun(X) -> io:format("~w~n",[erlang:phash2(X)]), io:format("~W~n",[X,12]) end,
    Pats = [{{a,'_','_'},'_','_','_'},{{a,x,'_'},'$1','_','_'},{{1,'_',7},'_','_','$2'},{{'_',x,3},'_','_','$2'},{{[],#{},'$1'},'_','_','_'},{{zz,'_'},'_'},{{1.0,'_','_'},'_'},{{a,#{},'_'},'_','_','_'}],
    [begin
      P(ets:match_object(T,X)), P(ets:match(T,X)), P(ets:select_count(T,[{X,[],[true]}])),
      P(ets:select_reverse(T,[{X,[],['$_']}])),
      {L,C} = case ets:select(T,[{X,[],['$_']}],7) of '$end_of_table' -> {[],'$end_of_table'}; R -> R end, P(L), P(all(C)),
      {L2,C2} = case ets:select_reverse(T,[{X,[],['$_']}],7) of '$end_of_table' -> {[],'$end_of_table'}; R2 -> R2 end, P(L2), P(all(C2))
     end || X <- Pats],
    P(ets:select_replace(T,[{{{a,x,'$1'},'_','_','_'},[],[{{{{a,x,'$1'}},new}}]}])),
    P(ets:tab2list(T)),
    P(ets:select_delete(T,[{{{a,x,'_'},'_'},[],[true]}])),
    P(ets:info(T,size)),
    P(ets:match_delete(T,{{b,'_','_'},'_','_','_'})),
    P(ets:tab2list(T)).
all('$end_of_table') -> [];
all(C) -> case ets:select(C) of '$end_of_table' -> []; {L,C2} -> [L|all(C2)] end.
