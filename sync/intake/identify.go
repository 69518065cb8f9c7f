package intake

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"shlkiosk/sync/fhir"
)

func isChart(ref string) bool {
	l, ok := fhir.ParseLiteral(ref)
	return ok && l.Base == "" && l.Type == "Patient" && l.Version == ""
}

// identify settles whose chart it is: what the journal says, what staff
// decided, or the decision of the identity screen; without one it asks now.
// After it the Patient entry is either existing with a reference, or to be
// created.
func (d *delivery) identify(ctx context.Context) error {
	j := &d.env.Journal
	subject := d.plan.subject
	if j.Chart != "" {
		if !j.NewChart {
			d.useChart(j.Chart)
		}
		return nil
	}
	switch d.env.Target.Mode {
	case TargetChart:
		if !isChart(d.env.Target.Chart) {
			return fatal(ReasonOrder, errors.New("the target is no Patient/ID"))
		}
		return d.follow(ctx, d.env.Target.Chart)
	case TargetNew:
		if j.Phase == PhaseSending {
			return d.newChart(subject)
		}
		return d.newUnlessAgain(ctx)
	case TargetAuto, "":
	default:
		return fatal(ReasonOrder, fmt.Errorf("target mode %q", d.env.Target.Mode))
	}
	if j.Phase == PhaseSending {
		// An earlier try decided and began; a new decision could differ because
		// of what that try left behind.
		return d.newChart(subject)
	}
	if d.env.Match.Outcome == "" {
		if err := d.decide(ctx); err != nil {
			return err
		}
	}
	switch m := d.env.Match; {
	case m.Outcome == outcomeCertain && isChart(m.Chart):
		return d.follow(ctx, m.Chart)
	case m.Outcome == outcomeNone && d.opt.Policy.CreateNew:
		return d.newChart(subject)
	}
	return park(ReasonMatchUnsure, errors.New("staff have to choose the chart"))
}

func (d *delivery) newChart(subject *item) error {
	if subject.verdict != file {
		return park(ReasonPatientRefused, fmt.Errorf("the Patient entry cannot be filed: %s", subject.why))
	}
	return nil
}

// follow reads a chart and follows replaced-by links (at most three: a merge of
// merges is real, a circle is not). A chart that is inactive or of somebody
// who died takes nothing.
func (d *delivery) follow(ctx context.Context, chart string) error {
	for range 4 {
		r, err := d.opt.Client.Read(ctx, chart)
		if s := fhir.Status(err); s == 404 || s == 410 {
			return park(ReasonChartMissing, err)
		}
		if err != nil {
			return err
		}
		if next := replacedBy(r); next != "" && next != chart {
			chart = next
			continue
		}
		if r.Get("active").Exists() && !r.Get("active").Bool() {
			return park(ReasonChartUnfit, errors.New("the chart is inactive"))
		}
		if dead(r) {
			return park(ReasonChartUnfit, errors.New("the chart is of somebody who died"))
		}
		d.useChart(chart)
		d.propose(r)
		return nil
	}
	return park(ReasonChartUnfit, errors.New("replaced-by links do not end"))
}

func (d *delivery) useChart(chart string) {
	d.env.Journal.Chart, d.env.Journal.NewChart = chart, false
	s := d.plan.subject
	s.verdict, s.why, s.ref = existing, WhyTheChart, chart
}

func replacedBy(r fhir.Resource) string {
	for _, l := range r.Get("link").Elements() {
		if l.Get("type").String() != "replaced-by" {
			continue
		}
		if lit, ok := fhir.ParseLiteral(l.Get("other", "reference").String()); ok && lit.Type == "Patient" {
			return lit.Local()
		}
	}
	return ""
}

func dead(r fhir.Resource) bool {
	return r.Get("deceasedBoolean").Bool() || strings.TrimSpace(r.Get("deceasedDateTime").String()) != ""
}

// The outcomes of a match decision, as sync/match writes them.
const (
	outcomeCertain = "certain"
	outcomeNone    = "none"
	outcomeStaff   = "staff"
)
