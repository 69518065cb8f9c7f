package remotedesk

import (
	"shlkiosk/sync/desk"
	"shlkiosk/sync/phi"
	"shlkiosk/ui/staff"
)

// The staff screens' types and the wire's say the same; here they become each
// other. TestNothingIsLost fills every field and holds that.

func show(t phi.Text) desk.Shown { return desk.Shown(t.Reveal()) }
func text(s desk.Shown) phi.Text { return phi.Text(s.Reveal()) }

func itemOf(c staff.Case) desk.Item {
	return desk.Item{ID: c.ID, Code: c.Code, State: string(c.State), Reason: c.Reason, Attempts: c.Attempts,
		Created: c.Created, Updated: c.Updated, Next: c.Next}
}

func fromItem(i desk.Item) staff.Case {
	return staff.Case{ID: i.ID, Code: i.Code, State: staff.State(i.State), Reason: i.Reason, Attempts: i.Attempts,
		Created: i.Created, Updated: i.Updated, Next: i.Next}
}

func caseOf(d staff.Detail) desk.Case {
	c := desk.Case{Item: itemOf(d.Case), Why: d.Why, OnBehalf: d.OnBehalf, MayCreate: d.MayCreate}
	c.Facts = each(d.Facts, func(f staff.Fact) desk.Fact { return desk.Fact{Name: f.Name, Value: show(f.Value)} })
	c.Candidates = each(d.Candidates, func(x staff.Candidate) desk.Candidate {
		return desk.Candidate{Reference: x.Reference, Grade: x.Grade, Score: x.Score, Rule: x.Rule, Note: x.Note,
			Fields: each(x.Fields, func(f staff.Field) desk.Field {
				return desk.Field{Name: f.Name, Verdict: string(f.Verdict), Ours: show(f.Ours), Theirs: show(f.Theirs)}
			})}
	})
	c.Changes = each(d.Changes, func(x staff.Change) desk.Change {
		return desk.Change{Type: x.Type, Title: show(x.Title), State: string(x.State), Ours: show(x.Ours), Chart: show(x.Chart)}
	})
	c.Proposals = each(d.Proposals, func(p staff.Proposal) desk.Proposal {
		return desk.Proposal{ID: p.ID, Kind: p.Kind, Now: show(p.Now), New: show(p.New), State: p.State, By: p.By}
	})
	if r := d.Receipt; r != nil {
		c.Receipt = &desk.Receipt{State: r.State, Patient: r.Patient, Created: r.Created, Grade: r.Grade, Rule: r.Rule,
			Counts:   each(r.Counts, func(x staff.Count) desk.Count { return desk.Count(x) }),
			Refused:  each(r.Refused, func(x staff.Line) desk.Line { return desk.Line(x) }),
			Verified: r.Verified, Equal: r.Equal, Missing: r.Missing, Total: r.Total, Dangling: r.Dangling, Twins: r.Twins,
			Alarms: each(r.Alarms, func(x staff.Alarm) desk.Alarm { return desk.Alarm(x) }), Delivered: r.Delivered}
	}
	return c
}

func fromCase(c desk.Case) staff.Detail {
	d := staff.Detail{Case: fromItem(c.Item), Why: c.Why, OnBehalf: c.OnBehalf, MayCreate: c.MayCreate}
	d.Facts = each(c.Facts, func(f desk.Fact) staff.Fact { return staff.Fact{Name: f.Name, Value: text(f.Value)} })
	d.Candidates = each(c.Candidates, func(x desk.Candidate) staff.Candidate {
		return staff.Candidate{Reference: x.Reference, Grade: x.Grade, Score: x.Score, Rule: x.Rule, Note: x.Note,
			Fields: each(x.Fields, func(f desk.Field) staff.Field {
				return staff.Field{Name: f.Name, Verdict: staff.Verdict(f.Verdict), Ours: text(f.Ours), Theirs: text(f.Theirs)}
			})}
	})
	d.Changes = each(c.Changes, func(x desk.Change) staff.Change {
		return staff.Change{Type: x.Type, Title: text(x.Title), State: staff.ChangeState(x.State), Ours: text(x.Ours), Chart: text(x.Chart)}
	})
	d.Proposals = each(c.Proposals, func(p desk.Proposal) staff.Proposal {
		return staff.Proposal{ID: p.ID, Kind: p.Kind, Now: text(p.Now), New: text(p.New), State: p.State, By: p.By}
	})
	if r := c.Receipt; r != nil {
		d.Receipt = &staff.Receipt{State: r.State, Patient: r.Patient, Created: r.Created, Grade: r.Grade, Rule: r.Rule,
			Counts:   each(r.Counts, func(x desk.Count) staff.Count { return staff.Count(x) }),
			Refused:  each(r.Refused, func(x desk.Line) staff.Line { return staff.Line(x) }),
			Verified: r.Verified, Equal: r.Equal, Missing: r.Missing, Total: r.Total, Dangling: r.Dangling, Twins: r.Twins,
			Alarms: each(r.Alarms, func(x desk.Alarm) staff.Alarm { return staff.Alarm(x) }), Delivered: r.Delivered}
	}
	return d
}

func diagnosticsOf(d staff.Diagnostics) desk.Diagnostics {
	out := desk.Diagnostics{Version: d.Version, Kiosk: d.Kiosk, Uptime: d.Uptime, Paused: d.Paused, Counts: map[string]int{}}
	for s, n := range d.Counts {
		out.Counts[string(s)] = n
	}
	out.Checks = each(d.Checks, func(c staff.Check) desk.Check {
		return desk.Check{Name: c.Name, Health: string(c.Health), Detail: c.Detail, ToDo: c.ToDo}
	})
	return out
}

func fromDiagnostics(d desk.Diagnostics) staff.Diagnostics {
	out := staff.Diagnostics{Version: d.Version, Kiosk: d.Kiosk, Uptime: d.Uptime, Paused: d.Paused, Counts: map[staff.State]int{}}
	for s, n := range d.Counts {
		out.Counts[staff.State(s)] = n
	}
	out.Checks = each(d.Checks, func(c desk.Check) staff.Check {
		return staff.Check{Name: c.Name, Health: staff.Health(c.Health), Detail: c.Detail, ToDo: c.ToDo}
	})
	return out
}
