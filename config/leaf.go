package config

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// leaf is one setting that holds a value: its path such as "fhir.auth.kind"
// and where it lies in a Config.
type leaf struct {
	path   string
	doc    string
	secret bool
	value  reflect.Value
}

var durationType = reflect.TypeFor[time.Duration]()

// leaves lists every setting of c in the order of the struct.
func leaves(c *Config) []leaf {
	var out []leaf
	var walk func(prefix string, v reflect.Value)
	walk = func(prefix string, v reflect.Value) {
		for i := range v.NumField() {
			f := v.Type().Field(i)
			path := prefix + f.Tag.Get("yaml")
			if f.Type.Kind() == reflect.Struct {
				walk(path+".", v.Field(i))
				continue
			}
			out = append(out, leaf{path: path, doc: f.Tag.Get("doc"),
				secret: f.Tag.Get("secret") == "true", value: v.Field(i)})
		}
	}
	walk("", reflect.ValueOf(c).Elem())
	return out
}

// env is the environment variable of a path: fhir.base is KIOSK_FHIR_BASE.
func (l leaf) env() string {
	return "KIOSK_" + strings.ToUpper(strings.ReplaceAll(l.path, ".", "_"))
}

// set reads text into the setting. Lists are separated by commas.
func (l leaf) set(text string) error {
	v := l.value
	switch {
	case v.Type() == durationType:
		d, err := time.ParseDuration(strings.TrimSpace(text))
		if err != nil {
			return fmt.Errorf("%q is not a duration; write it like 90s, 2m or 72h", text)
		}
		v.SetInt(int64(d))
	case v.Kind() == reflect.String:
		v.SetString(text)
	case v.Kind() == reflect.Int:
		n, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil {
			return fmt.Errorf("%q is not a whole number", text)
		}
		v.SetInt(int64(n))
	case v.Kind() == reflect.Bool:
		b, err := strconv.ParseBool(strings.ToLower(strings.TrimSpace(text)))
		if err != nil {
			return fmt.Errorf("%q is neither true nor false", text)
		}
		v.SetBool(b)
	case v.Type() == reflect.TypeFor[[]string]():
		var list []string
		for _, part := range strings.Split(text, ",") {
			if part = strings.TrimSpace(part); part != "" {
				list = append(list, part)
			}
		}
		v.Set(reflect.ValueOf(list))
	default:
		return fmt.Errorf("cannot be given as text; write it into the file")
	}
	return nil
}

// text is the setting as it would be written.
func (l leaf) text() string {
	switch v := l.value.Interface().(type) {
	case time.Duration:
		return short(v)
	case []string:
		return strings.Join(v, ", ")
	default:
		return fmt.Sprint(v)
	}
}

// short writes 2m0s as 2m and 72h0m0s as 72h.
func short(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// Setting is one key for the documentation.
type Setting struct{ Path, Env, Default, Doc string }

// Settings lists every key with its default, for the README and
// `kioskctl config keys`.
func Settings() []Setting {
	c := Defaults()
	var out []Setting
	for _, l := range leaves(&c) {
		s := Setting{Path: l.path, Env: l.env(), Doc: l.doc}
		if l.value.Kind() != reflect.Slice || l.value.Type() == reflect.TypeFor[[]string]() {
			s.Default = l.text()
		}
		out = append(out, s)
	}
	return out
}

// Value is one setting with what it is now.
type Value struct {
	Setting
	Value   string   // as it would be written; "" for a secret
	Choices []string // a closed set, or nil
	Bool    bool
	Secret  bool
}

// choices are the closed sets that Validate checks.
var choices = map[string][]string{
	"display.theme": knownThemes, "log.level": {"debug", "info", "warn", "error"},
	"retrieval.profile": {"shl", "ktc"}, "cards.policy": {"trusted", "verified", "any"},
	"identity.policy": {"create", "staff"}, "fhir.auth.kind": {"none", "bearer", "client_secret", "private_key_jwt"},
	"fhir.auth.secret_method": {"basic", "post"}, "speech.engine": {"auto", "espeak-ng", "speech-dispatcher", "none"},
}

// Values lists every setting of c that is written as text, in the order of the
// file. Lists of people are not among them.
func Values(c Config) []Value {
	defaults := map[string]Setting{}
	for _, s := range Settings() {
		defaults[s.Path] = s
	}
	var out []Value
	for _, l := range leaves(&c) {
		if l.value.Kind() == reflect.Slice && l.value.Type() != reflect.TypeFor[[]string]() {
			continue
		}
		v := Value{Setting: defaults[l.path], Choices: choices[l.path], Bool: l.value.Kind() == reflect.Bool, Secret: l.secret}
		if !l.secret {
			v.Value = l.text()
		}
		out = append(out, v)
	}
	return out
}
