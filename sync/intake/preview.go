package intake

import (
	"context"
	"slices"

	"shlkiosk/sync/summary"
)

// The states of a [PreviewEntry].
const (
	PreviewNew       = "new"       // would be filed
	PreviewSame      = "same"      // the chart has it
	PreviewDifferent = "different" // the chart has it otherwise: staff would be asked
	PreviewLeftOut   = "left-out"  // by the patient
	PreviewRefused   = "refused"   // would not be filed
)

// Preview is how a record stands against a chart, before anything is written.
// It is for staff only.
type Preview struct {
	Chart        string // "Patient/123", after replaced-by links were followed
	Demographics string // equal, differs: name and birth date, as the verification would see them
	Entries      []PreviewEntry
	Proposals    []Proposal // what would be proposed for the chart itself; none can be accepted yet
	Notes        []string   // codes; not-compared-TYPE: the server could not be asked
}

// PreviewEntry is one entry of the source. Reference is what the chart has, for
// same and different; Ours and Theirs are resources (JSON) of the elements that
// differ.
type PreviewEntry struct {
	Key          string // of the entry in a summary.View
	Type, Source string
	State        string
	Why          string // code
	Reference    string
	Ours, Theirs Fact
}

// Preview compares a record with a chart as a delivery would, and stops before
// the first write: it only reads and searches. The envelope is not changed. An
// error is an *Error: the record says not whose it is, the chart cannot take
// anything, or the server does not answer.
func (im *Importer) Preview(ctx context.Context, env *Envelope, chart string) (Preview, error) {
	try := *env
	try.Target = Target{Mode: TargetChart, Chart: chart}
	try.Journal, try.Proposals, try.Candidates = Journal{Recorded: im.opt.Now().UTC()}, nil, nil
	d := &delivery{Importer: im, env: &try}
	if err := d.compare(ctx); err != nil {
		return Preview{}, Classify(err)
	}
	there, err := d.readBack(ctx, map[string]bool{try.Journal.Chart: true})
	if err != nil {
		return Preview{}, Classify(err)
	}
	d.demographics(there)
	out := Preview{Chart: try.Journal.Chart, Demographics: d.receipt.Verification.Demographics, Proposals: try.Proposals, Notes: d.plan.notes}
	for _, it := range append(slices.Clone(d.plan.items), d.added...) {
		if it.source == sourceImport {
			continue
		}
		e := PreviewEntry{Type: it.res.Type(), Source: it.source, State: d.standing(it), Why: it.why, Reference: it.ref}
		switch {
		case it.added:
			e.Key = it.source // of a loose file
		default:
			e.Key = summary.Key(it.place.Bundle, d.plan.index.Entry(it.place).Index)
		}
		if e.State == PreviewDifferent {
			for _, p := range try.Proposals {
				if p.Reference == it.ref {
					e.Ours, e.Theirs = p.Value, p.Now
				}
			}
		}
		out.Entries = append(out.Entries, e)
	}
	return out, nil
}

// compare is what a delivery does before it writes.
func (d *delivery) compare(ctx context.Context) error {
	if err := d.begin(ctx); err != nil {
		return err
	}
	if err := d.reconcile(ctx); err != nil {
		return err
	}
	d.proposeInsurance()
	d.looseFiles()
	return d.sameDocuments(ctx)
}

// standing is the state of an item that was compared and not sent.
func (d *delivery) standing(it *item) string {
	switch it.verdict {
	case file:
		if it.ref == "" {
			return PreviewNew
		}
		return PreviewSame
	case existing:
		switch {
		case it.twin != nil:
			return d.standing(it.twin)
		case it.why == WhyDifferent && slices.ContainsFunc(d.env.Proposals, func(p Proposal) bool { return p.Reference == it.ref }):
			return PreviewDifferent
		}
		return PreviewSame
	case leftOut:
		if it.why == WhyPatient {
			return PreviewLeftOut
		}
		return PreviewRefused // the source itself calls it wrong
	case contained:
		if it.stands != nil {
			return d.standing(it.stands)
		}
		state := PreviewRefused
		for _, host := range d.plan.items {
			if host.verdict != file && host.verdict != existing || !slices.ContainsFunc(host.edges, func(e edge) bool { return e.target == it }) {
				continue
			}
			if state = d.standing(host); state == PreviewNew {
				break
			}
		}
		return state
	}
	return PreviewRefused
}
