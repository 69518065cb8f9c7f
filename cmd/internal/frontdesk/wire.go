package frontdesk

import (
	"shlkiosk/sync/desk"
	"shlkiosk/sync/phi"
	"shlkiosk/ui/staff"
)

// The words of the staff screens and those of the connection, turned into each
// other. Both say the same; the screens know no network and the network no
// screens. A test holds that nothing is lost on the way.

// each turns a list; an empty one is nil on both sides.
func each[A, B any](in []A, f func(A) B) []B {
	var out []B
	for _, x := range in {
		out = append(out, f(x))
	}
	return out
}

func itemOf(c staff.Case) desk.Item {
	return desk.Item{ID: c.ID, Code: c.Code, State: string(c.State), Reason: c.Reason, Attempts: c.Attempts,
		Created: c.Created, Updated: c.Updated, Next: c.Next}
}

func caseFrom(i desk.Item) staff.Case {
	return staff.Case{ID: i.ID, Code: i.Code, State: staff.State(i.State), Reason: i.Reason, Attempts: i.Attempts,
		Created: i.Created, Updated: i.Updated, Next: i.Next}
}

func shown(t phi.Text) desk.Shown { return desk.Shown(t.Reveal()) }
func text(s desk.Shown) phi.Text  { return phi.Text(s.Reveal()) }

func sendCase(d staff.Detail) desk.Case {
	out := desk.Case{Item: itemOf(d.Case), Why: d.Why, OnBehalf: d.OnBehalf, MayCreate: d.MayCreate, Chart: d.Chart,
		Facts: each(d.Facts, func(f staff.Fact) desk.Fact { return desk.Fact{Name: f.Name, Value: shown(f.Value)} }),
		Candidates: each(d.Candidates, func(c staff.Candidate) desk.Candidate {
			return desk.Candidate{Reference: c.Reference, Grade: c.Grade, Score: c.Score, Rule: c.Rule, Note: c.Note,
				Fields: each(c.Fields, func(f staff.Field) desk.Field {
					return desk.Field{Name: f.Name, Verdict: string(f.Verdict), Ours: shown(f.Ours), Theirs: shown(f.Theirs)}
				})}
		}),
		Changes: each(d.Changes, sendChange), Proposals: each(d.Proposals, sendProposal)}
	if r := d.Receipt; r != nil {
		out.Receipt = &desk.Receipt{State: r.State, Patient: r.Patient, Created: r.Created, Grade: r.Grade, Rule: r.Rule,
			Counts:   each(r.Counts, func(c staff.Count) desk.Count { return desk.Count(c) }),
			Refused:  each(r.Refused, func(l staff.Line) desk.Line { return desk.Line(l) }),
			Verified: r.Verified, Equal: r.Equal, Missing: r.Missing, Total: r.Total, Dangling: r.Dangling, Twins: r.Twins,
			Alarms: each(r.Alarms, func(a staff.Alarm) desk.Alarm { return desk.Alarm(a) }), Delivered: r.Delivered}
	}
	return out
}

func takeCase(c desk.Case) staff.Detail {
	out := staff.Detail{Case: caseFrom(c.Item), Why: c.Why, OnBehalf: c.OnBehalf, MayCreate: c.MayCreate, Chart: c.Chart,
		Facts: each(c.Facts, func(f desk.Fact) staff.Fact { return staff.Fact{Name: f.Name, Value: text(f.Value)} }),
		Candidates: each(c.Candidates, func(c desk.Candidate) staff.Candidate {
			return staff.Candidate{Reference: c.Reference, Grade: c.Grade, Score: c.Score, Rule: c.Rule, Note: c.Note,
				Fields: each(c.Fields, func(f desk.Field) staff.Field {
					return staff.Field{Name: f.Name, Verdict: staff.Verdict(f.Verdict), Ours: text(f.Ours), Theirs: text(f.Theirs)}
				})}
		}),
		Changes: each(c.Changes, takeChange), Proposals: each(c.Proposals, takeProposal)}
	if r := c.Receipt; r != nil {
		out.Receipt = &staff.Receipt{State: r.State, Patient: r.Patient, Created: r.Created, Grade: r.Grade, Rule: r.Rule,
			Counts:   each(r.Counts, func(c desk.Count) staff.Count { return staff.Count(c) }),
			Refused:  each(r.Refused, func(l desk.Line) staff.Line { return staff.Line(l) }),
			Verified: r.Verified, Equal: r.Equal, Missing: r.Missing, Total: r.Total, Dangling: r.Dangling, Twins: r.Twins,
			Alarms: each(r.Alarms, func(a desk.Alarm) staff.Alarm { return staff.Alarm(a) }), Delivered: r.Delivered}
	}
	return out
}

func sendChange(c staff.Change) desk.Change {
	return desk.Change{Type: c.Type, Title: shown(c.Title), State: string(c.State), Ours: shown(c.Ours), Chart: shown(c.Chart)}
}

func takeChange(c desk.Change) staff.Change {
	return staff.Change{Type: c.Type, Title: text(c.Title), State: staff.ChangeState(c.State), Ours: text(c.Ours), Chart: text(c.Chart)}
}

func sendProposal(p staff.Proposal) desk.Proposal {
	return desk.Proposal{ID: p.ID, Kind: p.Kind, Now: shown(p.Now), New: shown(p.New), State: p.State, By: p.By}
}

func takeProposal(p desk.Proposal) staff.Proposal {
	return staff.Proposal{ID: p.ID, Kind: p.Kind, Now: text(p.Now), New: text(p.New), State: p.State, By: p.By}
}

func sendPreview(p staff.Preview) desk.Preview {
	return desk.Preview{Chart: p.Chart, Equal: p.Equal, Changes: each(p.Changes, sendChange), Proposals: each(p.Proposals, sendProposal), Blind: p.Blind}
}

func takePreview(p desk.Preview) staff.Preview {
	return staff.Preview{Chart: p.Chart, Equal: p.Equal, Changes: each(p.Changes, takeChange), Proposals: each(p.Proposals, takeProposal), Blind: p.Blind}
}

// sendDiagnostics leaves the camera's picture on the kiosk.
func sendDiagnostics(d staff.Diagnostics) desk.Diagnostics {
	out := desk.Diagnostics{Version: d.Version, Kiosk: d.Kiosk, Uptime: d.Uptime, Paused: d.Paused, Counts: map[string]int{},
		Checks: each(d.Checks, func(c staff.Check) desk.Check {
			return desk.Check{Name: c.Name, Health: string(c.Health), Detail: c.Detail, ToDo: c.ToDo}
		})}
	for s, n := range d.Counts {
		out.Counts[string(s)] = n
	}
	return out
}

func takeDiagnostics(d desk.Diagnostics) staff.Diagnostics {
	out := staff.Diagnostics{Version: d.Version, Kiosk: d.Kiosk, Uptime: d.Uptime, Paused: d.Paused, Counts: map[staff.State]int{},
		Checks: each(d.Checks, func(c desk.Check) staff.Check {
			return staff.Check{Name: c.Name, Health: staff.Health(c.Health), Detail: c.Detail, ToDo: c.ToDo}
		})}
	for s, n := range d.Counts {
		out.Counts[staff.State(s)] = n
	}
	return out
}
