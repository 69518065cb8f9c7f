package intake

import (
	"context"
	"errors"
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
			Chart: ref, Path: path, Value: Fact(v.Raw()), State: ProposalOpen})
	}
	for _, part := range []struct {
		path string
		what func(fhir.Value) (kind, key string)
	}{{"telecom", telecomKey}, {"address", addressKey}, {"contact", contactKey}, {"communication", languageKey}} {
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
	for _, it := range d.plan.items {
		if it.res.Type() == "Coverage" && it.verdict == file && it.res.Get("status").String() == "active" {
			d.env.Proposals = append(d.env.Proposals, Proposal{ID: strconv.Itoa(len(d.env.Proposals) + 1), Kind: "insurance",
				Chart: d.env.Journal.Chart, Path: "coverage", Value: Fact(it.res.Raw()), State: ProposalOpen, Entry: it.key})
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

// proposeUpdate keeps a newer form of something the chart has.
func (d *delivery) proposeUpdate(it *item, h *held) {
	for _, p := range d.env.Proposals {
		if p.Reference == h.ref {
			return
		}
	}
	d.env.Proposals = append(d.env.Proposals, Proposal{ID: strconv.Itoa(len(d.env.Proposals) + 1), Kind: "update",
		Chart: d.env.Journal.Chart, Path: it.res.Type(), Value: Fact(it.res.Raw()), Reference: h.ref, State: ProposalOpen})
}

// Accept carries out a proposal in the name of a member of staff: the element
// is added to the chart as it is now; nothing that is there is replaced. A
// proposal of kind update or insurance is only marked: it is for staff to
// carry over what they judge right, with both forms before them.
func (im *Importer) Accept(ctx context.Context, env *Envelope, id, by string, save func(*Envelope) error) error {
	for i := range env.Proposals {
		p := &env.Proposals[i]
		if p.ID != id || p.State != ProposalOpen {
			continue
		}
		if p.Kind != "update" && p.Kind != "insurance" {
			if err := im.addToChart(ctx, *p); err != nil {
				return Classify(err)
			}
		}
		p.State, p.By = ProposalAccepted, by
		return save(env)
	}
	return fatal(ReasonOrder, errors.New("no such open proposal"))
}

// Decline closes a proposal without a change.
func (im *Importer) Decline(env *Envelope, id, by string, save func(*Envelope) error) error {
	for i := range env.Proposals {
		if p := &env.Proposals[i]; p.ID == id && p.State == ProposalOpen {
			p.State, p.By = ProposalDeclined, by
			return save(env)
		}
	}
	return fatal(ReasonOrder, errors.New("no such open proposal"))
}

// addToChart appends one element under If-Match; when somebody changed the
// chart in between, it reads and tries once more.
func (im *Importer) addToChart(ctx context.Context, p Proposal) error {
	var err error
	for range 2 {
		var chart fhir.Resource
		if chart, err = im.opt.Client.Read(ctx, p.Chart); err != nil {
			return err
		}
		ed := fhir.NewEditor(chart)
		if arr := chart.Get(p.Path); arr.IsArray() {
			for _, v := range arr.Elements() {
				if string(fhir.Canonical{}.AppendValue(nil, v)) == string(fhir.Canonical{}.AppendValue(nil, parsed(p.Value))) {
					return nil // somebody added it already
				}
			}
			ed.Append(arr, []byte(p.Value.Reveal()))
		} else {
			ed.Object(chart.Value(), nil, fhir.Member{Key: p.Path, Raw: list([]byte(p.Value.Reveal()))})
		}
		next, eerr := ed.Done()
		if eerr != nil {
			return eerr
		}
		_, err = im.opt.Client.Update(ctx, p.Chart, next, chart.Get("meta", "versionId").String())
		if s := fhir.Status(err); s != 409 && s != 412 {
			return err
		}
	}
	return err
}

func parsed(f Fact) fhir.Value {
	r, err := fhir.ParseResource([]byte(`{"resourceType":"Basic","v":`+f.Reveal()+`}`), fhir.Limits{})
	if err != nil {
		return fhir.Value{}
	}
	return r.Get("v")
}
