package people

import (
	"encoding/json"
	"time"
)

// coverage adds an insurer and the insurance card's data (CARIN).
func (r *record) coverage(p Person) string {
	payer := r.add(object{"resourceType": "Organization", "active": true, "name": "Evergreen Health Plan (demo)", "telecom": []any{object{"system": "phone", "value": "(800) 555-0100"}}})
	class := func(code, value, name string) object {
		return object{"type": object{"coding": []any{object{"system": term + "coverage-class", "code": code}}}, "value": value, "name": name}
	}
	return r.add(object{"resourceType": "Coverage", "status": "active", "type": concept(term+"v3-ActCode", "HIP", "health insurance plan policy"),
		"identifier":   []any{object{"type": concept(term+"v2-0203", "MB", "Member Number"), "system": "urn:oid:2.999.5550.9", "value": "EVG" + p.BirthDate[2:4] + p.BirthDate[5:7] + "0042"}},
		"subscriberId": "EVG-" + p.BirthDate[2:4] + "77-0042", "beneficiary": r.me(), "relationship": object{"coding": []any{object{"system": term + "subscriber-relationship", "code": "self"}}},
		"period": object{"start": r.now.Format("2006") + "-01-01"}, "payor": []any{ref(payer)}, "class": []any{class("group", "DEMO-GRP-7", "Demo group"), class("plan", "PPO-2", "Evergreen PPO")}})
}

// claim adds what the insurer paid for a visit (CARIN Blue Button, in short).
func (r *record) claim(plan, provider, date string) {
	money := func(v string) object { return object{"value": json.Number(v), "currency": "USD"} }
	kind := func(code string) object {
		return object{"coding": []any{object{"system": term + "adjudication", "code": code}}}
	}
	r.add(object{"resourceType": "ExplanationOfBenefit", "status": "active", "type": concept(term+"claim-type", "professional", "Professional"), "use": "claim",
		"patient": r.me(), "billablePeriod": object{"start": date, "end": date}, "created": r.now.Format(time.DateOnly), "insurer": object{"display": "Evergreen Health Plan (demo)"},
		"provider": ref(provider), "outcome": "complete", "insurance": []any{object{"focal": true, "coverage": ref(plan)}},
		"total": []any{object{"category": kind("submitted"), "amount": money("182.00")}, object{"category": kind("benefit"), "amount": money("145.60")}}})
}
