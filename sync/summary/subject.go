package summary

import (
	"maps"
	"slices"
	"strings"

	"shlkiosk/sync/fhir"
)

// pickSubject finds the person of the record among the Patient entries of all
// files. Entries that agree on family name, first given name and birth date
// are one person. Where several people remain, in this order: the subject of a
// Composition, the beneficiary of a Coverage, whoever most entries are about.
// Where those contradict each other or tie, nobody is chosen: staff must look.
func (b *builder) pickSubject() {
	people := map[string][]fhir.Place{}
	who := map[fhir.Place]string{}
	b.eachEntry(func(p fhir.Place, r fhir.Resource) {
		if r.Type() == "Patient" {
			id := b.sameness(p, r)
			people[id] = append(people[id], p)
			who[p] = id
		}
	})
	choose := func(id string, state SubjectState) {
		b.decided, b.view.Subject = true, state
		for _, p := range people[id] {
			b.subject[p] = true
		}
	}
	switch len(people) {
	case 0:
		b.view.Subject = SubjectNone
		return
	case 1:
		for id := range people {
			choose(id, SubjectOnly)
		}
		return
	}
	var all []string
	for _, ps := range people {
		for _, p := range ps {
			all = append(all, b.key(p))
		}
	}
	slices.Sort(all)
	if best, ok := b.vote(who); ok {
		choose(best, SubjectChosen)
		b.note(NoteSeveralPeople, all)
		return
	}
	b.view.Subject = SubjectUnsure
	if b.oneEach(people) {
		b.note(NoteDifferentPeople, all)
	} else {
		b.note(NoteWhichPerson, all)
	}
}

// sameness is equal for entries that are plainly the same person; an entry
// without name and birth date is like no other.
func (b *builder) sameness(p fhir.Place, r fhir.Resource) string {
	fold := func(s string) string { return strings.ToLower(strings.Join(strings.Fields(s), " ")) }
	family := fold(r.Get("name", 0, "family").String())
	given := fold(r.Get("name", 0, "given", 0).String())
	birth := r.Get("birthDate").String()
	if family+given == "" || birth == "" {
		return "entry " + b.key(p)
	}
	return family + "\x00" + given + "\x00" + birth
}

// vote tells whose record it is; ok is false when nothing decides.
func (b *builder) vote(who map[fhir.Place]string) (id string, ok bool) {
	composed, covered, about := map[string]int{}, map[string]int{}, map[string]int{}
	b.eachEntry(func(p fhir.Place, r fhir.Resource) {
		for _, name := range []string{"subject", "patient", "beneficiary"} {
			text := r.Get(name, "reference").String()
			if text == "" {
				continue
			}
			res := b.index.Resolve(p, text)
			if res.Standing != fhir.Found || who[res.Place] == "" {
				continue
			}
			id := who[res.Place]
			switch {
			case r.Type() == "Composition" && name == "subject":
				composed[id]++
			case r.Type() == "Coverage" && name == "beneficiary":
				covered[id]++
			}
			if r.Type() != "RelatedPerson" {
				about[id]++
			}
		}
	})
	for _, votes := range []map[string]int{composed, covered} {
		switch len(votes) {
		case 0:
		case 1:
			for id := range votes {
				return id, true
			}
		default:
			return "", false
		}
	}
	best, n, tied := "", 0, false
	for _, id := range slices.Sorted(maps.Keys(about)) {
		switch {
		case about[id] > n:
			best, n, tied = id, about[id], false
		case about[id] == n:
			tied = true
		}
	}
	return best, n > 0 && !tied
}

// oneEach tells that no file has two people: the files are about different ones.
func (b *builder) oneEach(people map[string][]fhir.Place) bool {
	seen := map[int]string{}
	for id, ps := range people {
		for _, p := range ps {
			if other, ok := seen[p.Bundle]; ok && other != id {
				return false
			}
			seen[p.Bundle] = id
		}
	}
	return true
}
