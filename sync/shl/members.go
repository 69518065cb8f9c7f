package shl

import (
	"bytes"
	"encoding/json"
	"errors"
)

var (
	errNotObject = errors.New("shl: json: not one object")
	errDuplicate = errors.New("shl: json: a member occurs twice")
)

// members reads one JSON object into its members without interpreting them.
// Names are compared exactly (encoding/json's struct matching ignores case,
// which would give {"URL":...,"url":...} two readings), a name that occurs
// twice and anything after the object are refused.
func members(b []byte) (map[string]json.RawMessage, error) {
	dec := json.NewDecoder(bytes.NewReader(b))
	t, err := dec.Token()
	if err != nil || t != json.Delim('{') {
		return nil, errNotObject
	}
	out := map[string]json.RawMessage{}
	for dec.More() {
		t, err := dec.Token()
		name, ok := t.(string)
		if err != nil || !ok {
			return nil, errNotObject
		}
		var v json.RawMessage
		if err := dec.Decode(&v); err != nil {
			return nil, errNotObject
		}
		if _, twice := out[name]; twice {
			return nil, errDuplicate
		}
		out[name] = v
	}
	if _, err := dec.Token(); err != nil {
		return nil, errNotObject
	}
	if len(bytes.TrimSpace(b[dec.InputOffset():])) > 0 {
		return nil, errNotObject
	}
	return out, nil
}

// absent tells whether a member is missing or null.
func absent(raw json.RawMessage) bool {
	return len(raw) == 0 || string(raw) == "null"
}

// text reads a JSON string.
func text(raw json.RawMessage) (string, bool) {
	if len(raw) == 0 || raw[0] != '"' {
		return "", false
	}
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return "", false
	}
	return s, true
}
