package fhir

import (
	"encoding/json"
	"slices"
)

// Editor collects changes of one resource and applies them as byte splices:
// every byte outside the changed places leaves as it came.
type Editor struct {
	src   []byte
	edits []splice
	seq   int
}

type splice struct {
	start, end, seq int
	new             []byte
}

// Member is one key and value to set in an object. Raw is JSON.
type Member struct {
	Key string
	Raw []byte
}

// NewEditor starts changing r. r itself never changes.
func NewEditor(r Resource) *Editor { return &Editor{src: r.raw} }

func (e *Editor) add(start, end int, b []byte) {
	e.edits = append(e.edits, splice{start: start, end: end, seq: e.seq, new: b})
	e.seq++
}

// Replace puts raw (JSON) in the place of v, which must be a view of the
// resource being edited.
func (e *Editor) Replace(v Value, raw []byte) {
	if v.Exists() {
		e.add(v.off, v.off+len(v.raw), raw)
	}
}

// Object removes the members of obj for which remove says so and then sets the
// given ones: a member that is there (and stays) gets the new value in its
// place, others are appended. Call it at most once for one object.
func (e *Editor) Object(obj Value, remove func(key string) bool, set ...Member) {
	if !obj.IsObject() {
		return
	}
	var keptBuf, allBuf [24]member // most objects have no more members, so nothing is allocated
	keep, all := keptBuf[:0], allBuf[:0]
	for m := range obj.members() {
		all = append(all, m)
	}
	for i, m := range all {
		if remove == nil || !remove(m.name()) {
			keep = append(keep, m)
			continue
		}
		switch {
		case len(keep) > 0:
			// Take the comma before: from the end of the previous member.
			e.add(all[i-1].end, m.end, nil)
		case i+1 < len(all):
			// Nothing kept yet: take the comma after, up to the next member.
			e.add(m.start, all[i+1].start, nil)
		default:
			e.add(m.start, m.end, nil)
		}
	}
	var fresh []byte
	for _, s := range set {
		if i := slices.IndexFunc(keep, func(m member) bool { return m.is(s.Key) }); i >= 0 {
			e.Replace(keep[i].value, s.Raw)
			continue
		}
		if len(keep) > 0 || len(fresh) > 0 {
			fresh = append(fresh, ',')
		}
		fresh = append(fresh, Quote(s.Key)...)
		fresh = append(fresh, ':')
		fresh = append(fresh, s.Raw...)
	}
	if len(fresh) == 0 {
		return
	}
	at := obj.off + 1
	if len(keep) > 0 {
		at = keep[len(keep)-1].end
	}
	e.add(at, at, fresh)
}

// Append adds raw (JSON) as the last element of an array.
func (e *Editor) Append(array Value, raw []byte) {
	if !array.IsArray() {
		return
	}
	at := array.off + len(array.raw) - 1
	if array.Len() > 0 {
		raw = append([]byte{','}, raw...)
	}
	e.add(at, at, raw)
}

// Done applies the changes. An edit that lies inside a larger one is dropped
// with it; two that overlap in part are an *Error.
func (e *Editor) Done() (Resource, error) {
	if len(e.edits) == 0 {
		return view(e.src), nil
	}
	slices.SortFunc(e.edits, func(a, b splice) int {
		if a.start != b.start {
			return a.start - b.start
		}
		if a.end != b.end && (a.start == a.end) == (b.start == b.end) {
			return b.end - a.end // the larger first: it swallows the smaller
		}
		if (a.start == a.end) != (b.start == b.end) {
			if a.start == a.end {
				return -1 // an insertion stands before what is replaced at its place
			}
			return 1
		}
		return a.seq - b.seq
	})
	out := make([]byte, 0, len(e.src)+64*len(e.edits))
	at := 0
	for _, s := range e.edits {
		if s.end <= at && s.start < at {
			continue
		}
		if s.start < at {
			return Resource{}, &Error{Op: "edit", Reason: ReasonEditConflict, Offset: s.start}
		}
		out = append(out, e.src[at:s.start]...)
		out = append(out, s.new...)
		at = s.end
	}
	out = append(out, e.src[at:]...)
	return view(out), nil
}

// Quote writes s as a JSON string without escaping for HTML.
func Quote(s string) []byte {
	simple := true
	for i := range len(s) {
		if c := s[i]; c < 0x20 || c == '"' || c == '\\' || c >= 0x7f {
			simple = false
			break
		}
	}
	if simple {
		out := make([]byte, 0, len(s)+2)
		out = append(out, '"')
		out = append(out, s...)
		return append(out, '"')
	}
	b, _ := json.Marshal(s)
	return b
}
