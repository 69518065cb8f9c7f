package intake

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"shlkiosk/sync/fhir"
	"shlkiosk/sync/match"
	"shlkiosk/sync/phi"
)

// port shows the FHIR client to sync/match.
type port struct{ client *fhir.Client }

// Match runs Patient/$match. Servers that do not have it, and those that have
// it and cannot use it (no EMPI behind it), answer in many ways (servers.md 2).
func (p port) Match(ctx context.Context, patient fhir.Resource, onlyCertain bool, count int) ([]match.Graded, error) {
	params, err := fhir.ParseResource(object{
		{Key: "resourceType", Raw: text("Parameters")},
		{Key: "parameter", Raw: list(
			object{{Key: "name", Raw: text("resource")}, {Key: "resource", Raw: patient.Raw()}}.raw(),
			object{{Key: "name", Raw: text("onlyCertainMatches")}, {Key: "valueBoolean", Raw: boolean(onlyCertain)}}.raw(),
			object{{Key: "name", Raw: text("count")}, {Key: "valueInteger", Raw: number(count)}}.raw())},
	}.raw(), fhir.Limits{})
	if err != nil {
		return nil, err
	}
	set, err := p.client.Operation(ctx, "Patient/$match", params)
	switch fhir.Status(err) {
	case http.StatusBadRequest, http.StatusForbidden, http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusUnprocessableEntity, http.StatusNotImplemented:
		return nil, match.ErrUnsupported
	}
	if err != nil {
		return nil, err
	}
	if set.Type() != "Bundle" {
		return nil, match.ErrUnsupported
	}
	var out []match.Graded
	for _, e := range set.Get("entry").Elements() {
		r, err := fhir.ParseResource(e.Get("resource").Raw(), fhir.Limits{})
		if err != nil || r.Type() != "Patient" {
			continue
		}
		g := match.Graded{Patient: r, Score: fraction(e.Get("search", "score").Number())}
		for _, x := range e.Get("search", "extension").Elements() {
			if x.Get("url").String() == "http://hl7.org/fhir/StructureDefinition/match-grade" {
				g.Grade = x.Get("valueCode").String()
			}
		}
		out = append(out, g)
	}
	return out, nil
}

// searchLimit is how many Patients one search brings at most; sync/match asks
// for fewer by _count and treats a full answer as cut.
const searchLimit = 200

// Search runs a search on Patient.
func (p port) Search(ctx context.Context, params url.Values) ([]fhir.Resource, error) {
	rs, err := p.client.Search(ctx, "Patient", params, searchLimit)
	if errors.Is(err, fhir.ErrTruncated) {
		err = nil
	}
	return rs, err
}

// Read reads one resource.
func (p port) Read(ctx context.Context, reference string) (fhir.Resource, error) {
	return p.client.Read(ctx, reference)
}

func (env *Envelope) typed() match.Typed {
	return match.Typed{BirthDate: phi.Text(env.Typed.BirthDate), Second: phi.Text(env.Typed.Second), OnBehalf: env.OnBehalf}
}

// Match decides who the patient is, live, for the identity screen, and keeps
// the decision in the envelope. The Decision is for policy and staff: a
// patient's screen shows nothing of it. An *Error of class park says that the
// record itself does not say whose it is.
func (im *Importer) Match(ctx context.Context, env *Envelope) (match.Decision, error) {
	p, err := newPlan(env, im.opt.Limits)
	if err != nil {
		return match.Decision{}, err
	}
	return im.match(ctx, env, p)
}

func (im *Importer) match(ctx context.Context, env *Envelope, p *plan) (match.Decision, error) {
	dec, err := match.Decide(ctx, port{im.opt.Client}, p.subject.res, env.typed(),
		match.Policy{CreateNew: im.opt.Policy.CreateNew, NoTyped: im.opt.Policy.NoTyped}, im.opt.Now())
	if err == nil {
		err = im.again(ctx, env, p, &dec)
	}
	if err != nil {
		return dec, Classify(err)
	}
	env.Match = Match{Outcome: string(dec.Outcome), Chart: dec.Chart, Grade: dec.Grade, Rule: dec.Rule,
		Rules: dec.RulesVersion, Candidates: len(dec.Candidates), Why: dec.Why}
	env.Candidates = nil
	if dec.Outcome == match.OutcomeStaff {
		env.Candidates = &match.Sealed{Decision: dec}
	}
	return dec, nil
}

// decide asks who the patient is at delivery, where the identity screen did
// not.
func (d *delivery) decide(ctx context.Context) error {
	_, err := d.match(ctx, d.env, d.plan)
	return err
}

// oneChart is what a fresh look for the person found.
type oneChart struct {
	others     int // certain charts beside the one that holds the import
	unsearched bool
}

// charts looks for the person afresh, as the next kiosk would: the chart that
// holds the import must be the only certain one.
func (d *delivery) charts(ctx context.Context) (oneChart, error) {
	dec, err := match.Decide(ctx, port{d.opt.Client}, d.plan.subject.res, match.Typed{}, match.Policy{NoTyped: true}, d.opt.Now())
	switch s := fhir.Status(err); {
	case err == nil:
	case s == 0 || s == http.StatusTooManyRequests || s == http.StatusServiceUnavailable:
		return oneChart{}, err
	default:
		// The import is on the server; a search that does not work must not
		// keep it from ending.
		return oneChart{unsearched: true}, nil
	}
	others := map[string]bool{}
	for _, c := range dec.Candidates {
		if c.Grade == match.Certain && c.Reference != d.env.Journal.Chart && c.Replaces == "" && !c.Inactive {
			others[c.Reference] = true
		}
	}
	// Rules need more than a name and a birth date to be certain. Two charts of
	// one name and birth date of which one was made just now are worth a look.
	if d.env.Journal.NewChart && len(others) == 0 {
		for _, c := range dec.Candidates {
			if c.Reference != d.env.Journal.Chart && c.Objection == "" && agreeAll(c.Fields, "first", "last", "birthDate") && !c.Inactive {
				others[c.Reference] = true
			}
		}
	}
	return oneChart{others: len(others)}, nil
}

func agreeAll(fields []match.Field, names ...string) bool {
	n := 0
	for _, f := range fields {
		for _, name := range names {
			if f.Name == name && f.Verdict == match.Agree {
				n++
			}
		}
		if f.Verdict == match.Differ {
			return false
		}
	}
	return n == len(names)
}
