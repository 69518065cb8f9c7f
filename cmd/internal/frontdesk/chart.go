package frontdesk

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"shlkiosk/sync/intake"
	"shlkiosk/sync/outbox"
	"shlkiosk/sync/phi"
	"shlkiosk/sync/summary"
	"shlkiosk/ui/staff"
)

// previewFor bounds the comparison of a record with a chart: staff wait for it.
const previewFor = 40 * time.Second

// chartOf is the chart that was chosen or found for an import, "" none.
func chartOf(env *intake.Envelope) string {
	if env.Target.Mode == intake.TargetChart {
		return env.Target.Chart
	}
	return env.Match.Chart
}

// Preview implements staff.Desk. It reads from the chart's server and writes
// nothing.
func (l *Local) Preview(ctx context.Context, id, chart string) (out staff.Preview, err error) {
	err = l.act("import.preview", id, func() error {
		h, env, err := l.open(id)
		if err != nil {
			return err
		}
		if h.State != outbox.Parked && h.State != outbox.Queued {
			return &staff.Error{Reason: string(outbox.ReasonState)}
		}
		if chart == "" {
			chart = chartOf(env)
		}
		if target, err := intake.ParseTarget(chart); err != nil || target.Mode != intake.TargetChart {
			return &staff.Error{Reason: "order-invalid", Err: err}
		}
		ctx, cancel := context.WithTimeout(ctx, previewFor)
		defer cancel()
		p, err := l.o.Chart.Importer.Preview(ctx, env, chart)
		if err != nil {
			return err
		}
		out = previewOf(p, l.view(env))
		return nil
	})
	return out, err
}

func previewOf(p intake.Preview, view summary.View) staff.Preview {
	out := staff.Preview{Chart: p.Chart, Equal: p.Demographics, Proposals: each(p.Proposals, proposalOf)}
	for _, e := range p.Entries {
		c := staff.Change{Type: e.Type, State: staff.ChangeState(e.State)}
		if it, ok := view.Item(e.Key); ok {
			c.Title = it.Title
		}
		if e.State == intake.PreviewDifferent {
			c.Ours, c.Chart = readable(e.Ours.Reveal()), readable(e.Theirs.Reveal())
		}
		out.Changes = append(out.Changes, c)
	}
	for _, n := range p.Notes {
		if typ, ok := strings.CutPrefix(n, "not-compared-"); ok {
			out.Blind = append(out.Blind, typ)
		}
	}
	return out
}

func proposalOf(p intake.Proposal) staff.Proposal {
	return staff.Proposal{ID: p.ID, Kind: p.Kind, Now: readable(p.Now.Reveal()), New: readable(p.Value.Reveal()), State: p.State, By: p.By}
}

// Accept implements staff.Desk: one proposed change of the chart is made at
// the server now, or declined.
func (l *Local) Accept(ctx context.Context, id, proposal string, yes bool) error {
	action := "proposal.decline"
	if yes {
		action = "proposal.accept"
	}
	return l.act(action, id, func() error {
		l.deciding.Lock()
		defer l.deciding.Unlock()
		_, env, err := l.open(id)
		if err != nil {
			return err
		}
		save := func(e *intake.Envelope) error {
			body, err := intake.MarshalEnvelope(e)
			if err != nil {
				return err
			}
			return l.o.Store.Ledger.Update(outbox.ID(id), func(*outbox.Header, []byte) ([]byte, error) { return body, nil })
		}
		if yes {
			return l.o.Chart.Importer.Accept(ctx, env, proposal, l.member(), save)
		}
		return l.o.Chart.Importer.Decline(env, proposal, l.member(), save)
	})
}

// member is who is logged in, as the Provenance of what they accept names them.
func (l *Local) member() intake.Staff {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.who == nil {
		return intake.Staff{}
	}
	return intake.Staff{ID: l.who.ID, Name: l.who.Name}
}

// spoken are the members of an element that a person wants to read first, in
// that order.
var spoken = []string{"text", "family", "given", "value", "line", "city", "state", "postalCode", "display", "name", "telecom", "relationship", "payor", "subscriberId"}

// readable is a proposed element without JSON's brackets, for a person: its
// words, or where it has only codes, those under the names of their elements.
func readable(value string) phi.Text {
	if value == "" {
		return ""
	}
	var v any
	if json.Unmarshal([]byte(value), &v) != nil {
		return phi.Text(value)
	}
	if m, ok := v.(map[string]any); ok && m["resourceType"] != nil && m["payor"] == nil {
		var parts []string
		for _, k := range slices.Sorted(maps.Keys(m)) {
			if k != "resourceType" && !strings.HasPrefix(k, "_") {
				parts = append(parts, k+": "+strings.Join(said(m[k]), " "))
			}
		}
		return phi.Text(strings.Join(parts, "; "))
	}
	list, ok := v.([]any)
	if !ok {
		return phi.Text(strings.Join(said(v), " "))
	}
	var parts []string
	for _, x := range list {
		parts = append(parts, strings.Join(said(x), " "))
	}
	return phi.Text(strings.Join(parts, "; "))
}

// said are the words of a value; of one without words, its codes and numbers.
func said(v any) []string {
	var words []string
	var walk func(v any, keys func(map[string]any) []string)
	walk = func(v any, keys func(map[string]any) []string) {
		switch v := v.(type) {
		case map[string]any:
			for _, k := range keys(v) {
				walk(v[k], keys)
			}
		case []any:
			for _, x := range v {
				walk(x, keys)
			}
		case string:
			words = append(words, v)
		case float64, bool:
			b, _ := json.Marshal(v)
			words = append(words, string(b))
		}
	}
	first := func(m map[string]any) (out []string) {
		for _, k := range spoken {
			if m[k] != nil {
				out = append(out, k)
			}
		}
		return out
	}
	walk(v, first)
	if len(words) > 0 {
		return words
	}
	walk(v, func(m map[string]any) []string {
		return slices.DeleteFunc(slices.Sorted(maps.Keys(m)), func(k string) bool {
			return k == "system" || k == "url" || k == "reference" || k == "id" || strings.HasPrefix(k, "_")
		})
	})
	return words
}
