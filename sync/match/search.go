package match

import (
	"net/url"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// The bounds of looking: how many searches, how many charts of each.
const (
	maxSearches = 16
	pageNarrow  = 50
	pageBroad   = 200
)

// blocking is one search for people who might be the one.
type blocking struct {
	params url.Values
	broad  bool // may be cut short without anybody being missed: a narrower one covers it
	limit  int
	extra  bool // a server may lack its parameter: what the others find is enough to say "nobody"
}

// searches lists the searches that together find whom an exact one misses:
// another spelling of accents, another way of writing the phone, names
// swapped, the maiden name, a partial or mistyped birth date, a nickname.
// A server matches names by folded prefix (FHIR string search) or, as some do,
// by accents exactly, so both spellings are asked; commas are FHIR's "or". No
// SSN or ITIN is ever searched for.
func searches(p person) []blocking {
	var out []blocking
	ask := func(broad bool, kv ...string) {
		params := url.Values{}
		limit := pageNarrow
		if broad {
			limit = pageBroad
		}
		for i := 0; i+1 < len(kv); i += 2 {
			if kv[i+1] == "" {
				return
			}
			params.Set(kv[i], kv[i+1])
		}
		params.Set("_count", itoa(limit))
		for _, b := range out {
			if b.params.Encode() == params.Encode() {
				return
			}
		}
		if len(out) < maxSearches {
			_, phones := params["telecom"]
			_, zips := params["address-postalcode"]
			_, ids := params["identifier"]
			out = append(out, blocking{params, broad, limit, phones || zips || ids})
		}
	}
	ids := identifierTokens(p)
	for _, id := range ids[:min(len(ids), 4)] {
		ask(false, "identifier", id)
	}
	family, given := spellings(p, "family"), spellings(p, "given")
	long := slices.DeleteFunc(slices.Clone(given), func(s string) bool { return len([]rune(fold(s))) < 2 })
	if p.dob.full() {
		ask(false, "birthdate", p.dob.text, "family", orList(family))
		ask(true, "birthdate", p.dob.text)
	}
	ask(false, "telecom", orList(phoneSpellings(p)))
	ask(false, "telecom", orList(emailSpellings(p)))
	ask(false, "family", orList(family), "given", orList(withShort(long)))
	ask(false, "family", orList(long), "given", orList(family)) // swapped
	if !p.dob.none() {
		ask(false, "family", orList(family), "birthdate", p.dob.text4())
		if p.dob.full() && p.dob.m != p.dob.d && p.dob.d <= 12 {
			ask(false, "birthdate", swapDay(p.dob))
		}
	}
	if len(long) == 0 || p.dob.none() {
		if z := p.zips; len(z) > 0 {
			ask(false, "family", orList(family), "address-postalcode", orList(z))
		}
	}
	return out
}

func (b birth) text4() string { return pad(b.y, 4) }

func swapDay(b birth) string { return pad(b.y, 4) + "-" + pad(b.d, 2) + "-" + pad(b.m, 2) }

func pad(n, width int) string {
	s := itoa(n)
	return strings.Repeat("0", max(0, width-len(s))) + s
}

func itoa(n int) string {
	if n == 0 {
		return "0"
	}
	var s string
	for ; n > 0; n /= 10 {
		s = string(rune('0'+n%10)) + s
	}
	return s
}

// identifierTokens are "system|value" for numbers that identify and may be sent.
func identifierTokens(p person) []string {
	var out []string
	for _, id := range p.source.Get("identifier").Elements() {
		switch kind, _ := readIdentifier(id); kind {
		case idMBI, idLegal, idCSP, idRecord:
			add(&out, escape(id.Get("system").String())+"|"+escape(id.Get("value").String()))
		}
	}
	return out
}

// spellings are the family names or the first given names as written, without
// their accents, and the parts of a double name.
func spellings(p person, part string) []string {
	var out []string
	put := func(s string) {
		s = strings.Join(strings.Fields(s), " ")
		if placeholderName(fold(s)) {
			return
		}
		add(&out, s)
		add(&out, plain(s))
	}
	for _, n := range p.source.Get("name").Elements() {
		family, given := n.Get("family").String(), n.Get("given", 0).String()
		if family == "" && given == "" {
			f, g := splitText(n.Get("text").String())
			family = f
			if len(g) > 0 {
				given = g[0]
			}
		}
		s := given
		if part == "family" {
			s = family
		}
		put(s)
		w := strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == '-' })
		for _, x := range w {
			if len(w) > 1 && len([]rune(x)) > 2 && !particle(fold(x)) {
				put(x)
			}
		}
	}
	return out[:min(len(out), 8)]
}

// plain drops the accents and keeps the rest.
func plain(s string) string {
	return norm.NFC.String(strings.Map(func(r rune) rune {
		if r >= 0x300 && r <= 0x36f {
			return -1
		}
		return r
	}, norm.NFD.String(s)))
}

// withShort adds the short and full forms of given names.
func withShort(given []string) []string {
	out := slices.Clone(given)
	for _, g := range given {
		f := fold(g)
		for _, set := range []map[string]bool{shortForms()[f], fullNames()[f]} {
			var more []string
			for n := range set {
				more = append(more, n)
			}
			slices.Sort(more)
			for _, n := range more {
				add(&out, n)
			}
		}
	}
	return out[:min(len(out), 24)]
}

// phoneSpellings writes each number the ways that charts hold it: a token
// search compares the text.
func phoneSpellings(p person) []string {
	var out []string
	for _, t := range p.source.Get("telecom").Elements() {
		if raw := strings.TrimSpace(t.Get("value").String()); phone(raw) != "" && t.Get("system").String() != "email" {
			add(&out, raw)
		}
	}
	for _, n := range p.phones {
		d := digitsOf(n)
		if n[0] == '+' && d[0] == '1' && len(d) == 11 {
			a, b, c := d[1:4], d[4:7], d[7:]
			for _, s := range []string{a + b + c, "+1" + a + b + c, a + "-" + b + "-" + c, "(" + a + ") " + b + "-" + c,
				"+1-" + a + "-" + b + "-" + c, "1-" + a + "-" + b + "-" + c, a + "." + b + "." + c, "(" + a + ")" + b + "-" + c,
				"+1 " + a + "-" + b + "-" + c, "+1 (" + a + ") " + b + "-" + c, "1" + a + b + c, a + " " + b + " " + c,
				"+1 " + a + " " + b + " " + c} {
				add(&out, s)
			}
		} else if n[0] == '+' {
			add(&out, n)
			add(&out, d)
		}
	}
	return out[:min(len(out), 40)]
}

func emailSpellings(p person) []string {
	var out []string
	for _, t := range p.source.Get("telecom").Elements() {
		if raw := strings.TrimSpace(t.Get("value").String()); email(raw) != "" {
			add(&out, raw)
			add(&out, email(raw))
		}
	}
	return out[:min(len(out), 12)]
}

// orList joins values with FHIR's "or".
func orList(values []string) string {
	var out []string
	for _, v := range values {
		if v != "" {
			out = append(out, escape(v))
		}
	}
	return strings.Join(out, ",")
}

// escape protects the characters that FHIR search gives a meaning.
func escape(s string) string {
	return strings.NewReplacer(`\`, `\\`, ",", `\,`, "$", `\$`, "|", `\|`).Replace(s)
}
