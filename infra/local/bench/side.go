package main

// side is one of the two that are compared.
type side int

const (
	ours side = iota
	bare
)

func (s side) String() string { return [...]string{"ours", "raw"}[s] }

// turns is the order of the sides in a round. Azurite slows down with what it has stored, by up
// to a tenth of its CPU time a run. A side that always came second would lose by that, so the
// order changes.
func turns(round int) []side {
	if round%2 == 0 {
		return []side{ours, bare}
	}
	return []side{bare, ours}
}
