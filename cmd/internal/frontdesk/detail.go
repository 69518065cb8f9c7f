package frontdesk

import (
	"context"
	"strings"

	"shlkiosk/sync/fhir"
	"shlkiosk/sync/intake"
	"shlkiosk/sync/outbox"
	"shlkiosk/sync/phi"
	"shlkiosk/sync/summary"
	"shlkiosk/ui/staff"
)

// Case implements staff.Desk.
func (l *Local) Case(_ context.Context, id string) (staff.Detail, error) {
	if err := l.in(); err != nil {
		return staff.Detail{}, err
	}
	if code, ok := strings.CutPrefix(id, "visit-"); ok {
		for _, c := range l.o.Store.Cases() {
			if c.Code == code {
				return staff.Detail{Case: staff.Case{ID: id, Code: c.Code, State: staff.HandedOver, Reason: c.Reason, Created: c.At, Updated: c.At}, Why: c.Reason}, nil
			}
		}
	}
	h, env, err := l.open(id)
	if err != nil {
		return staff.Detail{}, err
	}
	l.note("import.open", id, "ok")
	d := staff.Detail{Case: caseOf(h), Why: env.Match.Why, OnBehalf: env.OnBehalf, MayCreate: h.State == outbox.Parked, Chart: chartOf(env)}
	if d.Why == "" {
		d.Why = h.Reason
	}
	view := l.view(env)
	d.Facts = facts(view.Person, env)
	if env.Candidates != nil {
		for _, c := range env.Candidates.Candidates {
			sc := staff.Candidate{Reference: c.Reference, Grade: string(c.Grade), Score: c.Score, Rule: c.Rule, Note: string(c.Objection)}
			switch {
			case c.Deceased:
				sc.Note = "deceased"
			case c.Inactive:
				sc.Note = "inactive"
			}
			for _, f := range c.Fields {
				sc.Fields = append(sc.Fields, staff.Field{Name: f.Name, Verdict: staff.Verdict(f.Verdict), Ours: f.Ours, Theirs: f.Theirs})
			}
			d.Candidates = append(d.Candidates, sc)
		}
	}
	for _, p := range env.Proposals {
		d.Proposals = append(d.Proposals, proposalOf(p))
	}
	if r := env.Journal.Receipt; r != nil {
		d.Receipt = receiptOf(r)
		d.Receipt.Delivered = h.Updated
		d.Changes = changes(r, env, view)
	}
	return d, nil
}

// view is what the record says, for titles; empty once the files are gone.
func (l *Local) view(env *intake.Envelope) summary.View {
	var files []summary.File
	for _, f := range env.Files {
		raw := f.FHIR
		if len(raw) == 0 {
			raw = f.Bytes
		}
		sf := summary.File{ContentType: f.ContentType, Bytes: f.Bytes}
		if b, err := fhir.ParseBundle(raw, fhir.DefaultLimits()); err == nil {
			sf.Bundle, sf.ContentType = b, "application/fhir+json"
		}
		files = append(files, sf)
	}
	v, err := summary.Build(files, l.o.Core.Env.Now())
	if err != nil {
		return summary.View{}
	}
	return v
}

func facts(p summary.Person, env *intake.Envelope) []staff.Fact {
	var out []staff.Fact
	add := func(name string, v phi.Text) {
		if !v.Empty() {
			out = append(out, staff.Fact{Name: name, Value: v})
		}
	}
	add("name", p.Name)
	add("birth-date", phi.Text(p.BirthDate.Reveal()))
	add("typed-birth-date", phi.Text(env.Typed.BirthDate.Reveal()))
	add("typed-fact", phi.Text(env.Typed.Second.Reveal()))
	add("address", p.AddressLine)
	add("phone", p.Phone)
	add("source", phi.Text(env.Source.Host))
	return out
}

func receiptOf(r *intake.Receipt) *staff.Receipt {
	out := &staff.Receipt{State: r.State, Patient: r.Patient.Reference, Created: r.Patient.Created, Grade: r.Match.Grade, Rule: r.Match.Rule,
		Verified: r.Verification.Demographics != intake.DemographicsNotRead, Equal: r.Verification.Demographics,
		Missing: r.Verification.Missing, Total: r.Verification.References.Total, Dangling: r.Verification.References.Unresolved,
		Twins: r.Verification.Duplicates}
	at := map[[2]string]int{}
	for _, x := range r.Resources {
		key := [2]string{x.Type, x.Result}
		i, ok := at[key]
		if !ok {
			i = len(out.Counts)
			at[key] = i
			out.Counts = append(out.Counts, staff.Count{Type: x.Type, Result: x.Result})
		}
		out.Counts[i].N++
		if x.Result == intake.ResultRefused || x.Result == intake.ResultLeftOut {
			out.Refused = append(out.Refused, staff.Line{Type: x.Type, Source: x.Source, Result: x.Result, Why: x.Why})
		}
	}
	for _, a := range r.Verification.Alarm {
		out.Alarms = append(out.Alarms, staff.Alarm{Code: a.Code, ToDo: a.ToDo, Where: a.Where})
	}
	return out
}

var changeOf = map[string]staff.ChangeState{intake.ResultCreated: staff.ChangeNew, intake.ResultExisting: staff.ChangeSame,
	intake.ResultLeftOut: staff.ChangeLeftOut, intake.ResultRefused: staff.ChangeRefused}

// changes says of each entry whether the chart has it; titles while the record
// is still here.
func changes(r *intake.Receipt, env *intake.Envelope, view summary.View) []staff.Change {
	titles := map[string]phi.Text{}
	for _, s := range view.Sections {
		for _, it := range s.Items {
			titles[it.FullURL] = it.Title
		}
	}
	differs := map[string]intake.Proposal{}
	for _, p := range env.Proposals {
		if p.Reference != "" {
			differs[p.Reference] = p
		}
	}
	var out []staff.Change
	for _, x := range r.Resources {
		c := staff.Change{Type: x.Type, Title: titles[x.Source], State: changeOf[x.Result]}
		if c.State == staff.ChangeLeftOut && x.Why != intake.WhyPatient {
			c.State = staff.ChangeRefused // the source itself calls it wrong
		}
		if p, ok := differs[x.Reference]; ok && c.State == staff.ChangeSame {
			c.State, c.Ours, c.Chart = staff.ChangeDifferent, readable(p.Value.Reveal()), readable(p.Now.Reveal())
		}
		out = append(out, c)
	}
	return out
}
