package intake

import (
	"context"
	"strings"
	"testing"

	"shlkiosk/sync/match"
	"shlkiosk/sync/sandbox"
)

const chartX = `{"resourceType":"Patient","id":"x","active":true,"name":[{"family":"Zorn","given":["Ada"]}],"birthDate":"1980-02-03","gender":"female",` +
	`"telecom":[{"system":"phone","value":"212-555-0142"}]`

func withPhone() entry { return patient(`,"telecom":[{"system":"phone","value":"(212) 555-0142"}]`) }

func autoEnvelope(typed string) *Envelope {
	env := envelope(bundle(withPhone(), condition(urn(2), "c", "38341003", patURL)))
	env.Target = Target{Mode: TargetAuto}
	env.Typed = Typed{BirthDate: Fact(typed)}
	return env
}

func TestAutoTarget(t *testing.T) {
	for name, c := range map[string]struct {
		b       sandbox.Behaviour
		charts  []string
		typed   string
		outcome string
		chart   string
	}{
		"certain":               {charts: []string{chartX + "}"}, typed: "1980-02-03", outcome: outcomeCertain, chart: "Patient/x"},
		"certain without match": {b: sandbox.Behaviour{NoMatch: 501}, charts: []string{chartX + "}"}, typed: "1980-02-03", outcome: outcomeCertain, chart: "Patient/x"},
		"nobody":                {typed: "1980-02-03", outcome: outcomeNone},
		"other birth date":      {charts: []string{chartX + "}"}, typed: "1980-03-02", outcome: outcomeStaff},
		"nothing typed":         {charts: []string{chartX + "}"}, outcome: outcomeStaff},
		"two charts":            {charts: []string{chartX + "}", strings.Replace(chartX, `"x"`, `"y"`, 1) + "}"}, typed: "1980-02-03", outcome: outcomeStaff},
		"deceased":              {charts: []string{chartX + `,"deceasedBoolean":true}`}, typed: "1980-02-03", outcome: outcomeStaff},
		"inactive":              {charts: []string{strings.Replace(chartX, "true", "false", 1) + "}"}, typed: "1980-02-03", outcome: outcomeStaff},
		"replaced": {charts: []string{strings.Replace(chartX, `"x"`, `"y"`, 1) + "}",
			strings.Replace(chartX, "true", "false", 1) + `,"link":[{"other":{"reference":"Patient/y"},"type":"replaced-by"}]}`}, typed: "1980-02-03", outcome: outcomeCertain, chart: "Patient/y"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, c.b)
			w.put(c.charts...)
			env := autoEnvelope(c.typed)
			dec, err := w.im.Match(context.Background(), env)
			if err != nil || string(dec.Outcome) != c.outcome || dec.Chart != c.chart {
				t.Fatalf("%s %s (%s), %v", dec.Outcome, dec.Chart, dec.Why, err)
			}
			r, env, err := w.try(env, 2)
			if c.outcome == outcomeStaff {
				if Classify(err).Reason != ReasonMatchUnsure || r.State != StateParked || len(w.Counts().Created) != 0 {
					t.Fatalf("not parked: %v %s", err, pretty(r))
				}
				if dec.Outcome == match.OutcomeStaff && len(dec.Candidates) > 0 && (env.Candidates == nil || env.Candidates.Candidates[0].Fields[0].Theirs.Empty() && env.Candidates.Candidates[0].Fields[1].Theirs.Empty()) {
					t.Error("the candidates did not survive the ledger")
				}
				if c.charts != nil && name != "inactive" && name != "deceased" { // staff choose
					env.Target = Target{Mode: TargetChart, Chart: "Patient/x", By: "staff-7"}
					r, _ := w.deliver(env)
					if r.Patient.Reference != "Patient/x" || r.Patient.Created || len(r.Verification.Missing) > 0 {
						t.Errorf("staff's choice: %s", pretty(r))
					}
				}
				return
			}
			if err != nil || len(r.Verification.Missing) > 0 {
				t.Fatalf("%v\n%s", err, pretty(r))
			}
			if c.chart != "" && r.Patient.Reference != c.chart || r.Patient.Created != (c.chart == "") {
				t.Errorf("filed to %+v", r.Patient)
			}
		})
	}
}

func TestChartsThatTakeNothing(t *testing.T) {
	w := newWorld(t, sandbox.Behaviour{})
	link := func(to string) string {
		return `,"link":[{"other":{"reference":"Patient/` + to + `"},"type":"replaced-by"}]}`
	}
	at := func(id string) string { return strings.Replace(chartX, `"x"`, `"`+id+`"`, 1) }
	w.put(at("good")+"}", at("dead")+`,"deceasedDateTime":"2020-01-01"}`, strings.Replace(at("off"), "true", "false", 1)+"}",
		strings.Replace(at("old"), "true", "false", 1)+link("good"), at("ring1")+link("ring2"), at("ring2")+link("ring1"))
	for chart, want := range map[string]Reason{"dead": ReasonChartUnfit, "off": ReasonChartUnfit, "ring1": ReasonChartUnfit, "none": ReasonChartMissing} {
		_, _, err := w.try(toChart(autoEnvelope(""), "Patient/"+chart), 2)
		if Classify(err).Reason != want {
			t.Errorf("%s: %v, want %s", chart, err, want)
		}
	}
	r, _ := w.deliver(toChart(autoEnvelope(""), "Patient/old"))
	if r.Patient.Reference != "Patient/good" || r.Patient.Created {
		t.Errorf("replaced-by not followed: %+v", r.Patient)
	}
}

func TestASecondChartOfOnePersonIsAnAlarm(t *testing.T) {
	w := newWorld(t, sandbox.Behaviour{})
	w.put(chartX + "}")
	env := envelope(bundle(withPhone(), condition(urn(2), "c", "38341003", patURL))) // staff said: new
	r, _ := w.deliver(env)
	if r.State != StateDelivered || r.Verification.Duplicates != 1 {
		t.Errorf("%s", pretty(r))
	}
}

func TestParseTarget(t *testing.T) {
	for s, want := range map[string]Target{"": {Mode: TargetAuto}, "auto": {Mode: TargetAuto}, "new": {Mode: TargetNew}, "Patient/a-1": {Mode: TargetChart, Chart: "Patient/a-1"}} {
		if got, err := ParseTarget(s); err != nil || got != want {
			t.Errorf("%q: %+v %v", s, got, err)
		}
	}
	for _, s := range []string{"Patient/", "Patient/a/b", "Observation/1", "https://x/Patient/1", "Patient/../x", "NEW"} {
		if _, err := ParseTarget(s); err == nil {
			t.Errorf("%q accepted", s)
		}
	}
}
