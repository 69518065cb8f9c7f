// Package words holds everything that the kiosk says, in every language it
// speaks, and how that language writes numbers, dates, times and lists.
//
// A language is a directory of flat JSON files beside this one, embedded in
// the program: en/patient.json, en/reasons.json and so on. A file maps keys to
// texts; a text that depends on a number is an object of CLDR plural forms
// ("one", "few", "other" ...). language.json of each directory holds the name
// of the language in its own script and its formats. Adding a directory adds a
// language; no code changes.
//
// Placeholders are named, {host}, or positional, {0}. {n} is the number of N.
//
// The promise: T never fails. A key that a language lacks is said in English;
// a key that English lacks too comes back as the key itself and is remembered
// in Missing, where tests look for it. Tests hold that every language has
// every key of the patient's files with the same placeholders, that every key
// named in the code exists, and that English stays short and plain.
//
// The limit: languages written from right to left are refused by Load, because
// the toolkit cannot lay them out (fyne issue 90).
package words
