package match

import (
	_ "embed"
	"strings"
	"sync"
)

//go:embed nicknames.txt
var nicknamesText string

//go:embed firstnames.txt
var firstNamesText string

// shortForms maps a full given name to its short forms.
var shortForms = sync.OnceValue(func() map[string]map[string]bool {
	m := map[string]map[string]bool{}
	for line := range strings.Lines(nicknamesText) {
		full, list, ok := strings.Cut(line, ":")
		if !ok || strings.HasPrefix(line, "#") {
			continue
		}
		set := m[full]
		if set == nil {
			set = map[string]bool{}
			m[full] = set
		}
		for _, n := range strings.Fields(list) {
			set[n] = true
		}
	}
	return m
})

// fullNames maps a short form to the names it may stand for.
var fullNames = sync.OnceValue(func() map[string]map[string]bool {
	m := map[string]map[string]bool{}
	for full, list := range shortForms() {
		for n := range list {
			if m[n] == nil {
				m[n] = map[string]bool{}
			}
			m[n][full] = true
		}
	}
	return m
})

// givenNames is the set of first names in use.
var givenNames = sync.OnceValue(func() map[string]bool {
	m := map[string]bool{}
	for line := range strings.Lines(firstNamesText) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		for _, n := range strings.Fields(line) {
			m[n] = true
		}
	}
	for full, list := range shortForms() {
		m[full] = true
		for n := range list {
			m[n] = true
		}
	}
	return m
})

// nickname tells that one is the plain short form of the other.
func nickname(a, b string) bool { return shortForms()[a][b] || shortForms()[b][a] }

// sharedFull tells that two short forms may stand for the same name: Patsy and
// Patty. Two sisters may bear them, so this is not the same as nickname.
func sharedFull(a, b string) bool {
	for full := range fullNames()[a] {
		if shortForms()[full][b] {
			return true
		}
	}
	return false
}

// ownName tells that a short form is given as a name of its own so often that
// brothers or sisters may be called by it and by its full form.
func ownName(n string) bool {
	switch n {
	case "jack", "john", "molly", "ella", "mia", "lily", "rose", "nancy", "sally", "harry", "leo", "eliza", "anna", "ann",
		"lena", "nora", "rita", "lisa", "max", "drew", "erin", "gail", "beth", "mary", "polly", "daisy", "stella", "julie",
		"joan", "jamie", "liam", "eli", "robin", "nathan", "mark", "eve", "eva", "linda", "carolyn", "sandra", "marie",
		"sara", "elsie", "annie", "anne", "mamie", "minnie", "willie", "may", "mae", "dana", "jean", "bella", "belle", "lucy", "luke", "ana", "trina", "enzo", "quinn", "tony":
		return true
	}
	return false
}

// givenToday tells that a short form is found on birth certificates of the
// last thirty years beside its full form.
func givenToday(n string) bool {
	switch n {
	case "abby", "alex", "alfie", "allie", "ally", "andy", "angel", "archie", "ben", "benny", "billie", "bobbie", "callie", "cami",
		"carly", "carrie", "cassie", "charley", "charlie", "cindy", "danny", "eddie", "ellie", "elle", "emmy", "essie", "evie",
		"frankie", "fred", "freddie", "gabby", "gina", "gracie", "hallie", "hattie", "hank", "isa", "izzy", "jack", "jackie", "jake",
		"jay", "jem", "jenny", "jerry", "jessie", "jo", "joe", "joey", "johnny", "josh", "josie", "jude", "jules", "kate", "katie",
		"kay", "ken", "kenny", "kenzie", "kim", "kit", "kitty", "lana", "larry", "leah", "lexi", "lexie", "libby", "lina", "liv",
		"liz", "lola", "lottie", "lou", "lulu", "mac", "maddie", "maggie", "mamie", "mandy", "matt", "mattie", "meg", "mel", "mila",
		"millie", "mimi", "minnie", "missy", "misty", "mitch", "nan", "nat", "nate", "ned", "nell", "nellie", "nettie", "nick",
		"nicky", "nico", "nikki", "ollie", "patsy", "patty", "peggy", "penny", "pete", "pippa", "randy", "ray", "rex", "rob",
		"robbie", "rosie", "ross", "roy", "rudy", "russ", "sadie", "sam", "sammy", "sandy", "shelly", "sophie", "stacy", "steve",
		"stevie", "sue", "susie", "tess", "tessa", "thea", "theo", "tim", "tina", "toby", "tom", "tommy", "toni", "tori", "trish",
		"vicky", "vince", "wendy", "will", "willa", "willie", "winnie", "zach", "zack":
		return true
	}
	return false
}

// placeholderName tells that a folded given or family name stands for "we do
// not know" (CMS proposal V.D). "Doe" is not among them: it is a family name,
// and without a birth date or phone no rule fires on it anyway.
func placeholderName(n string) bool {
	switch n {
	case "", "unknown", "unk", "unkn", "ukn", "unidentified", "noname", "nofirstname", "nolastname", "nomiddlename", "fnu",
		"lnu", "none", "na", "notapplicable", "notavailable", "notgiven", "notprovided", "anonymous", "anon", "patient",
		"test", "testing", "tester", "testpatient", "testuser", "demo", "demopatient", "sample", "dummy", "fake",
		"training", "trauma", "declined", "refused", "tbd", "pending", "missing", "unavailable", "unspecified", "temp",
		"temporary", "null", "baby", "babyboy", "babygirl", "boybaby", "girlbaby", "newborn", "infant", "infantboy",
		"infantgirl", "bb", "bg", "nb", "nbboy", "nbgirl", "boy", "girl", "male", "female", "twina", "twinb", "tripleta",
		"tripletb", "tripletc", "babya", "babyb", "babyboya", "babyboyb", "babygirla", "babygirlb", "fetus", "do", "donotuse":
		return n != "do" // a Vietnamese and Korean family name
	}
	for _, p := range []string{"babyboy", "babygirl", "babyof", "boyof", "girlof", "newborn", "infantof", "zztest", "zzztest", "testpatient", "xxtest"} {
		if strings.HasPrefix(n, p) {
			return true
		}
	}
	return len(n) >= 3 && repeated(n)
}

// repeated tells that a text is one character over and over.
func repeated(s string) bool { return s != "" && strings.Count(s, s[:1]) == len(s) }

// placeholderDate lists the dates that systems fill in (CMS proposal V.D).
// People born on 1 January 2000 are thereby staff's to match, which is the
// proposal's choice too.
func placeholderDate(d string) bool {
	switch d {
	case "1800-01-01", "1900-01-01", "1901-01-01", "2000-01-01", "1111-11-11", "9999-12-31", "9999-09-09":
		return true
	}
	return false
}

// placeholderID tells that a folded identifier value identifies nobody.
func placeholderID(v string) bool {
	switch v {
	case "", "unknown", "unk", "none", "na", "test", "temp", "pending", "tbd", "null", "missing", "declined", "refused", "notavailable",
		"123", "1234", "12345", "123456", "1234567", "12345678", "123456789", "1234567890", "0123456789", "987654321":
		return true
	}
	return len(v) < 3 || repeated(v)
}

// placeholderSSN tells that nine digits are no issued number: area, group or
// serial of zeros, and the numbers of wallets and forms.
func placeholderSSN(d string) bool {
	switch d {
	case "123456789", "987654321", "078051120", "219099999", "457555462", "111223333", "123121234":
		return true
	}
	return repeated(d) || d[:3] == "000" || d[:3] == "666" || d[3:5] == "00" || d[5:] == "0000"
}

// placeholderLast4 tells that four digits are a default (CMS proposal V.D).
func placeholderLast4(d string) bool { return len(d) != 4 || repeated(d) || d == "1234" }
