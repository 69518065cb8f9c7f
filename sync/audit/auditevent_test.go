package audit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var origin = Origin{Kiosk: "kiosk-7", Organization: "Riverside Clinic", Site: "East"}

func entryOf(rt *rapid.T) Entry {
	e := Event{
		Actor:  rapid.StringMatching(`kiosk|staff:[A-Za-z0-9._-]{1,32}`).Draw(rt, "actor"),
		Action: rapid.OneOf(rapid.SampledFrom([]string{"kiosk.started", "staff.login", "import.stored", "import.parked", "ledger.alarm", "key.retired", "desk.enrol", "audit.ship-stopped"}), rapid.StringMatching(`[a-z][a-z0-9]{0,9}(\.[a-z0-9]{1,9}){0,3}`)).Draw(rt, "action"),
		Object: rapid.StringMatching(`[A-Za-z0-9._/:-]{0,80}`).Draw(rt, "object"),
		Result: rapid.OneOf(rapid.Just("ok"), rapid.Just("failed"), rapid.StringMatching(`[a-z0-9][a-z0-9._:+-]{0,79}`)).Draw(rt, "result"),
		Detail: rapid.MapOfN(rapid.StringMatching(`[a-z][a-z0-9-]{0,31}`), rapid.StringMatching(`[a-z0-9][a-z0-9._:+-]{0,79}`), 0, 8).Draw(rt, "detail"),
	}
	if len(e.Detail) == 0 {
		e.Detail = nil
	}
	out := Entry{Seq: rapid.Uint64Range(1, 1e9).Draw(rt, "seq"), Event: e,
		Time: time.UnixMilli(rapid.Int64Range(1.7e12, 4e12).Draw(rt, "time")).UTC()}
	if out.Seq > 1 {
		out.Prev = strings.Repeat("ab", 32)
	}
	sum, err := hashOf(out, key)
	if err != nil {
		rt.Fatal(err)
	}
	out.Hash = sum
	return out
}

// What R4 demands of an AuditEvent (hl7.org/fhir/R4/auditevent.html), checked
// on the JSON and not on our own types.
func TestAuditEventIsValidR4(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		e := entryOf(rt)
		raw, err := origin.AuditEvent(e)
		if err != nil {
			rt.Fatal(err)
		}
		var doc map[string]any
		if err := json.Unmarshal(raw, &doc); err != nil {
			rt.Fatal(err)
		}
		allowed := "resourceType meta type subtype action recorded outcome outcomeDesc agent source entity"
		for name := range doc {
			if !slices.Contains(strings.Fields(allowed), name) {
				rt.Errorf("%s is not used on purpose", name)
			}
		}
		noEmpty(rt, "AuditEvent", doc)
		is := func(path string, ok bool) {
			rt.Helper()
			if !ok {
				rt.Errorf("%s: %s", path, raw)
			}
		}
		str := func(v any) string { s, _ := v.(string); return s }
		isCoding := func(v any) bool {
			c, _ := v.(map[string]any)
			return str(c["system"]) != "" && str(c["code"]) != "" && str(c["code"]) == strings.TrimSpace(str(c["code"]))
		}
		list := func(v any) []any { l, _ := v.([]any); return l }
		is("resourceType", doc["resourceType"] == "AuditEvent")
		is("type 1..1", isCoding(doc["type"]))
		for _, s := range list(doc["subtype"]) {
			is("subtype", isCoding(s))
		}
		is("action", strings.Contains("CRUDE", str(doc["action"])) && len(str(doc["action"])) == 1)
		_, err = time.Parse("2006-01-02T15:04:05.000Z", str(doc["recorded"]))
		is("recorded 1..1 instant", err == nil)
		is("outcome", slices.Contains([]string{"0", "4", "8", "12"}, str(doc["outcome"])))
		is("agent 1..*", len(list(doc["agent"])) > 0)
		requestors := 0
		for _, a := range list(doc["agent"]) {
			m := a.(map[string]any)
			r, isBool := m["requestor"].(bool)
			is("agent.requestor 1..1", isBool)
			if r {
				requestors++
			}
		}
		is("one requestor", requestors == 1)
		src, _ := doc["source"].(map[string]any)
		is("source.observer 1..1", src["observer"] != nil)
		for _, en := range list(doc["entity"]) {
			m := en.(map[string]any)
			is("entity.type", isCoding(m["type"]))
			is("entity.role", isCoding(m["role"]))
			for _, d := range list(m["detail"]) {
				dm := d.(map[string]any)
				is("entity.detail", str(dm["type"]) != "" && str(dm["valueString"]) != "" && len(dm) == 2)
			}
		}
		if bytes.Contains(raw, []byte(`"reference"`)) {
			rt.Error("a reference: a server with referential integrity may refuse it")
		}
	})
}

// noEmpty holds R4's rule that nothing is empty.
func noEmpty(rt *rapid.T, at string, v any) {
	switch v := v.(type) {
	case map[string]any:
		if len(v) == 0 {
			rt.Errorf("%s is empty", at)
		}
		for k, w := range v {
			noEmpty(rt, at+"."+k, w)
		}
	case []any:
		if len(v) == 0 {
			rt.Errorf("%s is empty", at)
		}
		for i, w := range v {
			noEmpty(rt, fmt.Sprint(at, "[", i, "]"), w)
		}
	case string:
		if strings.TrimSpace(v) == "" {
			rt.Errorf("%s is blank", at)
		}
	case nil:
		rt.Errorf("%s is null", at)
	}
}

// The line can be made again from the AuditEvent alone, hash included: the
// chain can be verified where it was sent to.
func TestAuditEventHoldsTheWholeLine(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		e := entryOf(rt)
		raw, err := origin.AuditEvent(e)
		if err != nil {
			rt.Fatal(err)
		}
		again, err := origin.AuditEvent(e)
		if err != nil || !bytes.Equal(raw, again) {
			rt.Fatal("not the same bytes a second time")
		}
		var doc struct {
			Entity []struct {
				What struct {
					Identifier struct{ System, Value string }
				}
				Detail []struct{ Type, ValueString string }
			}
		}
		if err := json.Unmarshal(raw, &doc); err != nil {
			rt.Fatal(err)
		}
		back := Entry{Hash: doc.Entity[0].What.Identifier.Value}
		for _, d := range doc.Entity[0].Detail {
			switch d.Type {
			case "seq":
				back.Seq, _ = strconv.ParseUint(d.ValueString, 10, 64)
			case "time":
				back.Time, _ = time.Parse(time.RFC3339Nano, d.ValueString)
			case "actor":
				back.Actor = d.ValueString
			case "action":
				back.Action = d.ValueString
			case "result":
				back.Result = d.ValueString
			case "prev":
				back.Prev = d.ValueString
			default:
				name, ok := strings.CutPrefix(d.Type, "detail.")
				if !ok {
					rt.Fatalf("unknown detail %s", d.Type)
				}
				if back.Detail == nil {
					back.Detail = map[string]string{}
				}
				back.Detail[name] = d.ValueString
			}
		}
		if len(doc.Entity) > 1 {
			back.Object = doc.Entity[1].What.Identifier.Value
		}
		if sum, err := hashOf(back, key); err != nil || sum != e.Hash || back.Hash != e.Hash {
			rt.Fatalf("made again %+v, was %+v", back, e)
		}
	})
}

// Nothing gets into an AuditEvent that is neither a code of this program, nor
// of the entry, nor the names of kiosk and clinic.
func TestAuditEventSaysNothingMore(t *testing.T) {
	known := map[string]bool{}
	blank := Entry{Seq: 1, Event: Event{Actor: "staff:x", Action: "a.b", Object: "o", Result: "r"}, Hash: "h", Prev: "p"}
	for _, action := range []string{"a.b", "kiosk.started", "kiosk.ended", "staff.login", "staff.logout", "key.x", "desk.x", "audit.x", "import.stored", "import.seen", "import.parked", "import.discard", "ledger.alarm"} {
		for _, actor := range []string{"kiosk", "staff:x"} {
			e := blank
			e.Actor, e.Action = actor, action
			raw, err := Origin{Kiosk: "k"}.AuditEvent(e)
			if err != nil {
				t.Fatal(err)
			}
			words(t, raw, func(s string) { known[s] = true })
		}
	}
	for _, result := range []string{"ok", "failed", "r"} {
		e := blank
		e.Result = result
		raw, _ := Origin{Kiosk: "k"}.AuditEvent(e)
		words(t, raw, func(s string) { known[s] = true })
	}
	rapid.Check(t, func(rt *rapid.T) {
		e := entryOf(rt)
		raw, err := origin.AuditEvent(e)
		if err != nil {
			rt.Fatal(err)
		}
		id := strings.TrimPrefix(e.Actor, "staff:")
		own := []string{e.Actor, id, "Staff " + id, e.Action, e.Object, e.Result, e.Prev, e.Hash, strconv.FormatUint(e.Seq, 10),
			e.Time.Format(time.RFC3339Nano), e.Time.Format("2006-01-02T15:04:05.000Z07:00"),
			origin.Kiosk, "Kiosk " + origin.Kiosk, origin.Organization + " " + origin.Site}
		for name, v := range e.Detail {
			own = append(own, "detail."+name, v)
		}
		words(rt, raw, func(s string) {
			if !known[s] && !slices.Contains(own, s) {
				rt.Errorf("%q comes from nowhere", s)
			}
		})
	})
}

// words calls f with every string value of a JSON text.
func words(t interface{ Fatal(...any) }, raw []byte, f func(string)) {
	var doc any
	if err := json.Unmarshal(raw, &doc); err != nil {
		t.Fatal(err)
	}
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			for _, w := range v {
				walk(w)
			}
		case []any:
			for _, w := range v {
				walk(w)
			}
		case string:
			f(v)
		}
	}
	walk(doc)
}
