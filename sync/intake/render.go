package intake

import (
	"strings"

	"shlkiosk/sync/fhir"
)

// byKey finds items by their urn:uuid.
func (d *delivery) byKey() map[string]*item {
	m := make(map[string]*item, len(d.plan.items)+len(d.added))
	for _, it := range d.plan.items {
		m[it.key] = it
	}
	for _, it := range d.added {
		m[it.key] = it
	}
	return m
}

// render makes the bytes to send: references to what the server has become
// Type/id; those to what travels in the same Bundle stay urn:uuid; those to
// what is not there yet are taken out for now, and late is true: the resource
// has to be updated afterwards.
func render(it *item, keys map[string]*item, together map[*item]bool) (out fhir.Resource, late bool) {
	var ed *fhir.Editor
	for ref := range it.base.References() {
		text := ref.Text()
		if !strings.HasPrefix(text, "urn:uuid:") {
			continue
		}
		t := keys[text]
		if t == nil {
			continue
		}
		for t.twin != nil {
			t = t.twin
		}
		if t.ref == "" && together[t] && t.key == text {
			continue
		}
		if ed == nil {
			ed = fhir.NewEditor(it.base)
		}
		switch {
		case t.ref != "":
			ed.Replace(ref.URI, fhir.Quote(t.ref))
		case together[t]:
			ed.Replace(ref.URI, fhir.Quote(t.key))
		default:
			late = late || t.verdict == file
			words := t.res.Type() + ", not filed"
			if ref.Attachment {
				ed.Object(ref.Object, func(k string) bool { return k == "url" }, titleOf(ref.Object, words)...)
				continue
			}
			var set []fhir.Member
			if !ref.Object.Get("display").Exists() {
				set = []fhir.Member{{Key: "display", Raw: fhir.Quote(words)}}
			}
			ed.Object(ref.Object, func(k string) bool { return k == "reference" }, set...)
		}
	}
	if ed == nil {
		return it.base, late
	}
	r, err := ed.Done()
	if err != nil { // cannot be: every edit is of another reference
		return it.base, late
	}
	return r, late
}

// targets are the items that the body of it points to.
func targets(it *item, keys map[string]*item) []*item {
	var out []*item
	for ref := range it.base.References() {
		if t := keys[ref.Text()]; t != nil && t != it {
			for t.twin != nil {
				t = t.twin
			}
			out = append(out, t)
		}
	}
	return out
}

// inOrder sorts items so that what is pointed to comes before what points;
// inside a circle the order is that of the source.
func inOrder(items []*item, keys map[string]*item) []*item {
	todo := make(map[*item]bool, len(items))
	for _, it := range items {
		todo[it] = true
	}
	out := make([]*item, 0, len(items))
	type step struct {
		it   *item
		next []*item
	}
	for _, start := range items {
		if !todo[start] {
			continue
		}
		delete(todo, start)
		stack := []step{{start, targets(start, keys)}}
		for len(stack) > 0 {
			top := &stack[len(stack)-1]
			if len(top.next) == 0 {
				out = append(out, top.it)
				stack = stack[:len(stack)-1]
				continue
			}
			t := top.next[0]
			top.next = top.next[1:]
			if todo[t] {
				delete(todo, t)
				stack = append(stack, step{t, targets(t, keys)})
			}
		}
	}
	return out
}
