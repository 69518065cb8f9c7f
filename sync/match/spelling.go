package match

import (
	"strings"
	"sync"
)

// pairsOfLetters are the pairs of letters that occur in at least six first
// names in use, with a mark for beginning and end: one name in twenty thousand
// does not show how names are spelt.
var pairsOfLetters = sync.OnceValue(func() map[[2]rune]bool {
	names := map[[2]rune]int{}
	for n := range givenNames() {
		runs(n, func(t [2]rune) bool { names[t]++; return true })
	}
	m := map[[2]rune]bool{}
	for t, n := range names {
		m[t] = n >= 6
	}
	return m
})

func runs(name string, f func([2]rune) bool) {
	r := []rune("^" + name + "$")
	for i := 0; i+2 <= len(r); i++ {
		if !f([2]rune(r[i : i+2])) {
			return
		}
	}
}

// unlikeAName tells that a folded text is spelt as no first name is: two
// letters in a row that not one of the names in use has. A name that the list
// does not know is made of the pairs that names are made of ("hala", "nour"); a
// slip of the key often is not ("mqry", "jphn"). Three in a row would find
// more slips, and take "nour" for one. Short texts and those with
// other letters than a to z say nothing.
func unlikeAName(n string) bool {
	if len(n) < 3 || strings.ContainsFunc(n, func(r rune) bool { return r < 'a' || r > 'z' }) {
		return false
	}
	odd := false
	known := pairsOfLetters()
	runs(n, func(t [2]rune) bool { odd = !known[t]; return !odd })
	return odd
}

// misspelt tells that the names are one edit apart at most where one is in use
// and the other is spelt as no name is.
func misspelt(xs, ys []string) bool {
	known := givenNames()
	for _, p := range xs {
		for _, q := range ys {
			if len(p) < 3 || len(q) < 3 || known[p] == known[q] {
				continue
			}
			if _, slip := oneEdit(p, q); slip && (unlikeAName(p) || unlikeAName(q)) {
				return true
			}
		}
	}
	return false
}
