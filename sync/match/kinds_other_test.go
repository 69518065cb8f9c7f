package match

import (
	"fmt"
	"slices"
	"strings"
)

// together gives b what a household shares with a.
func (w *world) together(a human, b *human) {
	b.Last, b.Street, b.Unit, b.City, b.State, b.ZIP = a.Last, a.Street, a.Unit, a.City, a.State, a.ZIP
	if w.chance(0.7) {
		b.Phones = append([]string(nil), a.Phones...)
	}
	if w.chance(0.4) {
		b.Email = a.Email
	}
}

// sibling is another child of the family.
func (w *world) sibling(a human) human {
	b := w.elsewhere(w.person())
	w.together(a, &b)
	for !distinct(a, b) {
		b.Given, b.Middle = w.given(b.Sex), ""
	}
	return b
}

// distinct tells that parents would give both names: not the same, not one
// the plain short form of the other (Tim and Timothy; but Jack and John, whom
// the matcher must keep apart too), not one child's second name.
func distinct(a, b human) bool {
	if nickname(a.Given, b.Given) && !(slices.Contains(bothGiven, a.Given) && slices.Contains(bothGiven, b.Given)) {
		return false
	}
	return a.Given != b.Given && b.Given != a.Middle && a.Given != b.Middle
}

// bothGiven are names that brothers and sisters bear beside a short form of theirs.
var bothGiven = []string{"john", "jack", "mary", "molly", "henry", "harry", "sarah", "sally", "elizabeth", "eliza", "ella", "anna",
	"ann", "annie", "maria", "mia", "lillian", "lily", "rosemary", "rose", "margaret", "daisy", "james", "jamie", "julia", "julie"}

// alike finds another given name one edit away, as parents of twins do.
func (w *world) alike(given, sex string) (string, bool) {
	list := w.male
	if sex == "female" {
		list = w.female
	}
	start := w.IntN(len(list))
	for i := range list {
		n := list[(start+i)%len(list)]
		if _, ok := oneEdit(n, given); ok {
			return n, true
		}
	}
	return "", false
}

func other(name string, f func(w *world) (a, b human, ok bool)) kind { return kind{name, false, f} }

// otherKinds are two people.
func otherKinds() []kind {
	twin := func(change func(w *world, a human, b *human) bool) func(w *world) (human, human, bool) {
		return func(w *world) (human, human, bool) {
			a := w.person()
			b := w.sibling(a)
			b.DOB = a.DOB
			ok := change(w, a, &b)
			return a, b, ok && distinct(a, b)
		}
	}
	out := []kind{
		other("twins", twin(func(w *world, a human, b *human) bool { return true })),
		other("twins-alike-names", twin(func(w *world, a human, b *human) bool {
			n, ok := w.alike(a.Given, a.Sex)
			b.Given, b.Sex = n, a.Sex
			return ok
		})),
		other("twins-shared-middle-name", twin(func(w *world, a human, b *human) bool {
			b.Middle, b.Sex = a.Middle, a.Sex
			return a.Middle != "" && b.Given != a.Middle
		})),
		other("twins-compound-names", func(w *world) (human, human, bool) {
			a := w.person()
			b := w.elsewhere(w.person())
			w.together(a, &b)
			b.DOB, b.Sex, b.Given = a.DOB, a.Sex, a.Given
			_, slip := oneEdit(a.Middle, b.Middle)
			ok := a.Middle != "" && b.Middle != "" && a.Middle != b.Middle && !slip && !nickname(a.Middle, b.Middle) &&
				!sharedFull(a.Middle, b.Middle)
			if w.chance(0.5) { // Jean-Paul, Jean-Pierre
				a.Given, b.Given, a.Middle, b.Middle = a.Given+"-"+a.Middle, b.Given+"-"+b.Middle, "", ""
			}
			return a, b, ok
		}),
		other("twins-same-initial", twin(func(w *world, a human, b *human) bool {
			b.Sex = a.Sex
			for range 200 {
				if b.Given = w.given(b.Sex); b.Given[0] == a.Given[0] && distinct(a, *b) {
					return true
				}
			}
			return false
		})),
		other("twins-mothers-ssn", func(w *world) (human, human, bool) {
			a, b, _ := twin(func(w *world, a human, b *human) bool { return true })(w)
			a.DOB = w.date(2006, 2024)
			b.DOB, b.SSN = a.DOB, a.SSN
			return a, b, a.SSN != "" && distinct(a, b)
		}),
		other("siblings", func(w *world) (human, human, bool) {
			a := w.person()
			b := w.sibling(a)
			b.DOB = w.slipDOB(a.DOB, pick(w, []string{"year", "month"}))
			return a, b, b.DOB != a.DOB
		}),
		other("siblings-same-day-of-year", func(w *world) (human, human, bool) {
			a := w.person()
			b := w.sibling(a)
			b.DOB = fmt.Sprintf("%04d%s", min(2024, atoi(a.DOB[:4])+1+w.IntN(8)), strings.Replace(a.DOB[4:], "-02-29", "-02-28", 1))
			return a, b, a.DOB[:4] != b.DOB[:4]
		}),
		other("parent-and-child", func(w *world) (human, human, bool) {
			a := w.person()
			b := w.sibling(a)
			b.DOB = w.date(1930, 1975)
			a.DOB = fmt.Sprintf("%04d%s", min(2024, atoi(b.DOB[:4])+16+w.IntN(26)), strings.Replace(a.DOB[4:], "-02-29", "-02-28", 1))
			return a, b, true
		}),
		other("father-and-son-one-name", func(w *world) (human, human, bool) {
			a := w.person()
			b := w.elsewhere(w.person())
			w.together(a, &b)
			b.Given, b.Sex = a.Given, a.Sex
			b.DOB = w.date(1930, 1975)
			a.DOB = fmt.Sprintf("%04d%s", min(2024, atoi(b.DOB[:4])+pick(w, []int{16, 20, 25, 30, 40})), b.DOB[4:])
			if w.chance(0.5) {
				a.DOB = a.DOB[:4] + w.date(1990, 1990)[4:]
			}
			a.DOB = strings.Replace(a.DOB, "-02-29", "-02-28", 1)
			if w.chance(0.5) {
				b.Suffix, a.Suffix = "Sr.", "Jr"
			}
			return a, b, !placeholderDate(a.DOB)
		}),
		other("spouses", func(w *world) (human, human, bool) {
			a := w.person()
			b := w.sibling(a)
			b.DOB = w.date(1940, 1990)
			return a, b, b.DOB != a.DOB
		}),
		other("same-zip-and-birth-date", func(w *world) (human, human, bool) {
			a, b := w.person(), w.elsewhere(w.person())
			b.DOB, b.ZIP, b.City, b.State = a.DOB, a.ZIP, a.City, a.State
			return a, b, a.Last != b.Last
		}),
		other("near-equal-names", func(w *world) (human, human, bool) {
			a, b := w.person(), w.elsewhere(w.person())
			b.Given, b.Last, b.Sex = a.Given, a.Last, a.Sex
			if w.chance(0.6) && len(b.Last) > 3 {
				b.Last = w.edit(b.Last)
			}
			return a, b, a.DOB != b.DOB
		}),
		other("one-name-and-birth-date", func(w *world) (human, human, bool) {
			a, b := w.person(), w.elsewhere(w.person())
			b.Given, b.Last, b.Sex, b.DOB = a.Given, a.Last, a.Sex, a.DOB
			return a, b, true
		}),
		other("one-number-two-hospitals", func(w *world) (human, human, bool) {
			a, b := w.person(), w.elsewhere(w.person())
			b.MRN = a.MRN
			if w.chance(0.5) {
				a.MRNSystem, b.MRNSystem = "", ""
			}
			return a, b, true
		}),
		other("shared-placeholders", func(w *world) (human, human, bool) {
			a, b := w.person(), w.elsewhere(w.person())
			a.SSN = pick(w, dummySSN)
			b.SSN = a.SSN
			a.Phones = []string{pick(w, dummyPhone)}
			b.Phones = a.Phones
			a.Email = pick(w, dummyMail)
			b.Email = a.Email
			switch w.IntN(4) {
			case 0:
				a.Given, b.Given, a.Middle, b.Middle = "baby boy", "baby boy", "", ""
				b.DOB, b.Last = a.DOB, a.Last
			case 1:
				a.DOB = pick(w, []string{"1900-01-01", "2000-01-01", "1901-01-01"})
				b.DOB = a.DOB
				b.Given = a.Given
			case 2:
				a.Last, b.Last, b.Given = "unknown", "unknown", a.Given
				b.DOB = a.DOB
			default:
				b.Last = a.Last
			}
			return a, b, true
		}),
		other("strangers", func(w *world) (human, human, bool) { return w.person(), w.elsewhere(w.person()), true }),
	}
	for _, inst := range []string{"shelter", "nursing-home", "prison", "hotel", "halfway-house", "dormitory", "group-home", "migrant-camp"} {
		out = append(out, other("institution-"+inst, func(w *world) (human, human, bool) {
			a, b := w.person(), w.elsewhere(w.person())
			w.together(a, &b)
			b.Phones = a.Phones
			b.Last = w.ranked(w.last)
			if inst == "dormitory" {
				b.Unit = ""
			}
			switch w.IntN(4) {
			case 0:
				b.Given = a.Given
			case 1:
				b.DOB = a.DOB
			case 2:
				b.Last = a.Last
			}
			return a, b, b.Given != a.Given || b.DOB != a.DOB
		}))
	}
	return out
}

func atoi(s string) (n int) {
	for _, c := range s {
		n = n*10 + int(c-'0')
	}
	return n
}
