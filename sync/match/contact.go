package match

import "strings"

// phone reads a telephone number into E.164 with the United States as the
// country of ten digits. Extensions are cut. Numbers of other countries
// without a country code are kept as their digits behind "n", equal only to
// themselves. "" is a number that identifies nobody: too short, a dummy, or
// toll-free. Numbers of the exchange 555 are kept: they belong to nobody in
// life and to everybody in demonstrations, and no rule fires on a phone alone.
func phone(s string) string {
	s = strings.ToLower(strings.TrimSpace(s))
	s = strings.TrimPrefix(s, "tel:")
	for _, cut := range []string{"ext", "x", ";", ","} {
		if i := strings.Index(s, cut); i > 0 {
			s = s[:i]
		}
	}
	plus := strings.HasPrefix(s, "+")
	d := digitsOf(s)
	switch {
	case strings.HasPrefix(s, "n") && len(d) >= 8 && s == "n"+d: // already normal
		return s
	case plus:
	case strings.HasPrefix(d, "001") && len(d) == 13, strings.HasPrefix(d, "011") && len(d) > 12:
		d, plus = strings.TrimPrefix(strings.TrimPrefix(d, "011"), "00"), true
	case strings.HasPrefix(d, "00") && len(d) >= 11:
		d, plus = d[2:], true
	case len(d) == 11 && d[0] == '1':
		plus = true
	case len(d) == 10 && d[0] != '0':
		d, plus = "1"+d, true
	}
	if len(d) < 8 || len(d) > 15 || repeated(d) {
		return ""
	}
	if plus && d[0] == '1' {
		if len(d) != 11 || dummyNANP(d[1:]) {
			return ""
		}
	}
	if plus {
		return "+" + d
	}
	return "n" + d
}

// dummyNANP tells that ten digits are nobody's own number.
func dummyNANP(d string) bool {
	switch d[:3] {
	case "800", "822", "833", "844", "855", "866", "877", "888", "000", "900":
		return true
	}
	switch d {
	case "1234567890", "1234567891", "9876543210", "1231231234", "0123456789":
		return true
	}
	switch last := d[3:]; last {
	case "5551212", "5555555", "5551234", "5550000", "5551111", "5559999", "1234567", "0000000", "1111111", "9999999":
		return true
	}
	return repeated(d)
}

// email lowers the case; "" is an address that identifies nobody.
func email(s string) string {
	s = strings.ToLower(strings.TrimSpace(s))
	s = strings.TrimPrefix(s, "mailto:")
	local, domain, ok := strings.Cut(s, "@")
	if !ok || local == "" || !strings.Contains(domain, ".") || strings.ContainsAny(s, " \t\r\n") {
		return ""
	}
	switch fold(local) {
	case "none", "noemail", "no", "na", "unknown", "test", "declined", "decline", "refused", "noreply", "donotreply", "x", "xx",
		"xxx", "email", "nomail", "patient", "noone", "nobody", "info", "admin", "contact", "notprovided", "frontdesk", "reception":
		return ""
	}
	switch domain {
	case "none.com", "noemail.com", "noemail.net", "noemail.org", "na.com", "unknown.com", "declined.com", "refused.com", "no.com",
		"nomail.com", "test.com":
		return ""
	}
	return s
}
