package intake

import (
	"context"
	"errors"
	"net/url"

	"shlkiosk/sync/fhir"
	"shlkiosk/sync/match"
)

// RuleSameDocument is the rule by which a chart is certain because the very
// same document, byte for byte, was filed into it before: by a certain match,
// or by a member of staff. Nothing of the demographics is judged anew, so the
// rule also holds for records that say too little to match anybody.
const RuleSameDocument = "same-document"

// earlier finds the one chart that an earlier import filed the file with the
// subject into; "" when there is none, or more than one.
func (im *Importer) earlier(ctx context.Context, env *Envelope, p *plan) (chart string, err error) {
	i := p.subject.place.Bundle
	if i >= len(env.Files) || env.Files[i].SHA256 == "" {
		return "", nil
	}
	found, err := im.opt.Client.Search(ctx, "DocumentReference", url.Values{
		"identifier": {SystemDocument + "|" + env.Files[i].SHA256}, "_count": {"50"}}, 50)
	if unsupported(err) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	for _, r := range found {
		if r.Get("status").String() == "entered-in-error" || !carries(r, env.Files[i].SHA256) {
			continue // a server may ignore the parameter and return anything
		}
		lit, ok := fhir.ParseLiteral(r.Get("subject", "reference").String())
		if !ok || lit.Type != "Patient" {
			continue
		}
		if chart != "" && chart != lit.Local() {
			return "", nil
		}
		chart = lit.Local()
	}
	return chart, nil
}

func carries(r fhir.Resource, hash string) bool {
	for _, id := range r.Get("identifier").Elements() {
		if id.Get("system").String() == SystemDocument && id.Get("value").String() == hash {
			return true
		}
	}
	return false
}

// again looks whether a decision that is not certain only for want of evidence
// becomes so because the same document was filed before. What contradicts
// stays with staff: several charts, somebody like a twin, a typed fact that
// does not fit, a chart that is not in use.
func (im *Importer) again(ctx context.Context, env *Envelope, p *plan, dec *match.Decision) error {
	switch dec.Why {
	case "", match.WhyNotCertain, match.WhyTooLittle, match.WhyCreateOff:
	default:
		return nil
	}
	if dec.Outcome == match.OutcomeCertain {
		return nil
	}
	birth := p.subject.res.Get("birthDate").String()
	switch typed := env.Typed.BirthDate.Reveal(); {
	case typed == "" && !im.opt.Policy.NoTyped:
		return nil
	case typed != "" && typed != birth:
		return nil
	}
	chart, err := im.earlier(ctx, env, p)
	if err != nil || chart == "" {
		return err
	}
	r, err := im.opt.Client.Read(ctx, chart)
	if s := fhir.Status(err); s == 404 || s == 410 {
		return nil
	}
	if err != nil {
		return err
	}
	if theirs := r.Get("birthDate").String(); theirs != birth || dead(r) || replacedBy(r) != "" ||
		(r.Get("active").Exists() && !r.Get("active").Bool()) {
		return nil
	}
	dec.Outcome, dec.Chart, dec.Why = match.OutcomeCertain, chart, ""
	dec.Grade, dec.Rule = string(match.Certain), RuleSameDocument
	return nil
}

// newUnlessAgain is "make a new chart" for a record that may have been filed
// before: pressing the button twice does not make two charts.
func (d *delivery) newUnlessAgain(ctx context.Context) error {
	chart, err := d.earlier(ctx, d.env, d.plan)
	if err != nil {
		return err
	}
	if chart != "" {
		err := d.follow(ctx, chart)
		var e *Error
		if !errors.As(err, &e) || e.Class != Park {
			return err
		}
		// The chart is gone or not in use any more: new it is.
	}
	return d.newChart(d.plan.subject)
}
