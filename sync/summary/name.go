package summary

import (
	"strings"

	"shlkiosk/sync/fhir"
	"shlkiosk/sync/phi"
)

const (
	systemLOINC  = "http://loinc.org"
	systemSNOMED = "http://snomed.info/sct"
	systemCVX    = "http://hl7.org/fhir/sid/cvx"
	systemAbsent = "http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips"
)

// named is a title and where it is from.
type named struct {
	text phi.Text
	word Word
	from NameSource
}

// concept names a CodeableConcept: its own text, then a coding's display (the
// one that the user selected first), then our table, then "system|code".
func concept(v fhir.Value) named {
	codings := v.Get("coding").Array()
	var w Word
	for _, c := range codings {
		if c.Get("system").String() == systemAbsent {
			w = word("absent", c.Get("code").String())
		}
	}
	if t := clean(v.Get("text").String(), cutTitle); t != "" {
		return named{t, w, NameOwn}
	}
	for _, selected := range []bool{true, false} {
		for _, c := range codings {
			if c.Get("userSelected").Bool() == selected {
				if t := display(c); t != "" {
					return named{t, w, NameDisplay}
				}
			}
		}
	}
	for _, c := range codings {
		if t := known(c.Get("system").String(), c.Get("code").String()); t != "" {
			return named{phi.Text(t), w, NameTable}
		}
	}
	for _, c := range codings {
		if n := coding(c); n.text != "" {
			n.word = w
			return n
		}
	}
	return named{word: w, from: NameNone}
}

// display is a coding's display, without SNOMED CT's semantic tag.
func display(c fhir.Value) phi.Text {
	t := clean(c.Get("display").String(), cutTitle).Reveal()
	if c.Get("system").String() == systemSNOMED {
		for _, tag := range semanticTags {
			if name, ok := strings.CutSuffix(t, " ("+tag+")"); ok && name != "" {
				return phi.Text(name)
			}
		}
	}
	return phi.Text(t)
}

// coding names one Coding the same way.
func coding(c fhir.Value) named {
	if t := display(c); t != "" {
		return named{text: t, from: NameDisplay}
	}
	system, code := c.Get("system").String(), clean(c.Get("code").String(), 60)
	if t := known(system, code.Reveal()); t != "" {
		return named{text: phi.Text(t), from: NameTable}
	}
	if code == "" {
		return named{from: NameNone}
	}
	return named{text: joinText("|", clean(systemName(system), 60), code), from: NameCode}
}

// systemName is the everyday name of a code system, else its last part.
func systemName(system string) string {
	switch system {
	case systemSNOMED:
		return "SNOMED CT"
	case systemLOINC:
		return "LOINC"
	case systemCVX:
		return "CVX"
	case "http://www.nlm.nih.gov/research/umls/rxnorm":
		return "RxNorm"
	case "http://hl7.org/fhir/sid/ndc":
		return "NDC"
	case "http://hl7.org/fhir/sid/icd-10", "http://hl7.org/fhir/sid/icd-10-cm":
		return "ICD-10"
	case "http://www.ama-assn.org/go/cpt":
		return "CPT"
	case "http://www.whocc.no/atc":
		return "ATC"
	}
	if strings.HasPrefix(system, "urn:") {
		return system
	}
	return system[strings.LastIndexByte(system, '/')+1:]
}

// refName names what a Reference points to: its display, else the name of the
// contained resource or entry.
func (b *builder) refName(p fhir.Place, ref fhir.Value) named {
	if t := clean(ref.Get("display").String(), cutTitle); t != "" {
		return named{text: t, from: NameOwn}
	}
	r, _, ok := b.follow(p, ref)
	if !ok {
		return named{from: NameNone}
	}
	return resourceName(r)
}

// follow finds the target of a Reference, contained ones included; key is ""
// for those.
func (b *builder) follow(p fhir.Place, ref fhir.Value) (v fhir.Value, key string, ok bool) {
	text := ref.Get("reference").String()
	if text == "" {
		return fhir.Value{}, "", false
	}
	res := b.index.Resolve(p, text)
	switch res.Standing {
	case fhir.Found:
		return b.index.Entry(res.Place).Resource.Value(), b.key(res.Place), true
	case fhir.Internal:
		for _, c := range b.index.Entry(p).Resource.Get("contained").Elements() {
			if "#"+c.Get("id").String() == text {
				return c, "", true
			}
		}
	}
	return fhir.Value{}, "", false
}

// resourceName is the name of a resource that others refer to.
func resourceName(v fhir.Value) named {
	if n := v.Get("name"); n.IsString() {
		return named{text: clean(n.String(), cutTitle), from: NameOwn}
	} else if n.IsArray() {
		if t := humanName(bestName(n.Array())); t != "" {
			return named{text: t, from: NameOwn}
		}
	}
	if t := clean(v.Get("deviceName", 0, "name").String(), cutTitle); t != "" {
		return named{text: t, from: NameOwn}
	}
	for _, field := range []string{"title", "description", "display"} {
		if t := clean(v.Get(field).String(), cutTitle); t != "" {
			return named{text: t, from: NameOwn}
		}
	}
	for _, field := range []string{"code", "type", "vaccineCode", "productOrService", "category", "kind", "class"} {
		x := v.Get(field)
		if x.IsArray() {
			x = x.Get(0)
		}
		if n := concept(x); n.text != "" {
			return n
		}
		if n := coding(x); n.text != "" {
			return n
		}
	}
	return named{from: NameNone}
}
