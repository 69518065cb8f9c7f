package intake

import (
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"

	"shlkiosk/sync/fhir"
)

// bareName folds a name or an address for comparing: no accents, no case, no
// punctuation.
func bareName(s string) string {
	fold := transform.Chain(norm.NFD, runes.Remove(runes.In(unicode.Mn)), norm.NFC)
	if t, _, err := transform.String(fold, s); err == nil {
		s = t
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}

func digits(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsDigit(r) {
			return r
		}
		return -1
	}, s)
	if len(s) == 11 && s[0] == '1' {
		s = s[1:]
	}
	return s
}

// proposable are the elements of a Patient that an import may propose to add
// to, each with the kind of an element and what tells two of them apart.
var proposable = []struct {
	path string
	what func(fhir.Value) (kind, key string)
}{{"telecom", telecomKey}, {"address", addressKey}, {"contact", contactKey}, {"communication", languageKey}}

// nowAt is what a chart has of a kind at a path, as a JSON array; "" nothing.
func nowAt(chart fhir.Resource, path, kind string) Fact {
	var have [][]byte
	for _, part := range proposable {
		if part.path != path {
			continue
		}
		for _, v := range chart.Get(path).Elements() {
			if k, _ := part.what(v); k == kind {
				have = append(have, v.Raw())
			}
		}
	}
	if len(have) == 0 {
		return ""
	}
	return Fact(list(have...))
}

// propose compares the record's Patient with the chart and keeps what is new
// as proposals. It runs once for an import.
func (d *delivery) propose(chart fhir.Resource) {
	if d.env.Journal.Phase != PhaseNew {
		return
	}
	d.env.Proposals = nil
	source := d.plan.subject.res
	ref := "Patient/" + chart.ID()
	add := func(kind, path string, v fhir.Value) {
		d.env.Proposals = append(d.env.Proposals, Proposal{ID: strconv.Itoa(len(d.env.Proposals) + 1), Kind: kind,
			Chart: ref, Path: path, Value: Fact(v.Raw()), Now: nowAt(chart, path, kind), State: ProposalOpen})
	}
	for _, part := range proposable {
		path, what := part.path, part.what
		have := map[string]bool{}
		for _, v := range chart.Get(path).Elements() {
			_, k := what(v)
			have[k] = true
		}
		for _, v := range source.Get(path).Elements() {
			kind, k := what(v)
			if k != "" && !have[k] && !old(v) && clean(v) {
				have[k] = true
				add(kind, path, v)
			}
		}
	}
}

// proposeInsurance points staff to each Coverage that is new in an existing
// chart: it is filed as the patient's word, and which one pays is theirs to
// say.
func (d *delivery) proposeInsurance() {
	if d.env.Journal.Phase != PhaseNew || d.env.Journal.NewChart || d.env.Journal.Chart == "" {
		return
	}
	var now Fact
	if len(d.insured) > 0 {
		now = Fact(list(d.insured...))
	}
	for _, it := range d.plan.items {
		if it.res.Type() == "Coverage" && it.verdict == file && it.res.Get("status").String() == "active" {
			d.env.Proposals = append(d.env.Proposals, Proposal{ID: strconv.Itoa(len(d.env.Proposals) + 1), Kind: "insurance",
				Chart: d.env.Journal.Chart, Path: "coverage", Value: Fact(it.res.Raw()), Now: now, State: ProposalOpen, Entry: it.key})
		}
	}
}

func old(v fhir.Value) bool { return v.Get("use").String() == "old" || v.Get("period", "end").Exists() }

// clean keeps elements out that point somewhere: a proposal must be able to
// stand in the chart by itself.
func clean(v fhir.Value) bool { return !strings.Contains(string(v.Raw()), `"reference"`) }

func telecomKey(v fhir.Value) (string, string) {
	val := v.Get("value").String()
	switch v.Get("system").String() {
	case "email":
		return "email", "email:" + strings.ToLower(strings.TrimSpace(val))
	case "phone", "sms", "fax", "pager":
		if n := digits(val); n != "" {
			return "phone", v.Get("system").String() + ":" + n
		}
		return "phone", ""
	}
	return "phone", ""
}

func addressKey(v fhir.Value) (string, string) {
	var b strings.Builder
	for _, l := range v.Get("line").Elements() {
		b.WriteString(l.String())
	}
	if b.Len() == 0 && v.Get("city").String() == "" {
		return "address", bareName(v.Get("text").String())
	}
	return "address", bareName(b.String() + v.Get("city").String() + v.Get("postalCode").String())
}

func contactKey(v fhir.Value) (string, string) {
	n := bareName(v.Get("name", "family").String() + v.Get("name", "given", 0).String() + v.Get("name", "text").String())
	for _, t := range v.Get("telecom").Elements() {
		_, k := telecomKey(t)
		n += k
	}
	return "contact", n
}

func languageKey(v fhir.Value) (string, string) { return "language", codes(v.Get("language")) }

// proposeUpdate keeps a newer form of something the chart has: the elements
// that the record says otherwise.
func (d *delivery) proposeUpdate(it *item, h *held) {
	if d.env.Journal.Phase != PhaseNew {
		return // it was proposed when the two were first compared
	}
	for _, p := range d.env.Proposals {
		if p.Reference == h.ref {
			return
		}
	}
	ours, theirs := differences(d.withSubject(it.base), h.res)
	if ours == "" {
		return
	}
	d.env.Proposals = append(d.env.Proposals, Proposal{ID: strconv.Itoa(len(d.env.Proposals) + 1), Kind: "update",
		Chart: d.env.Journal.Chart, Path: it.res.Type(), Value: ours, Now: theirs, Reference: h.ref, State: ProposalOpen})
}
