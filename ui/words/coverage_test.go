package words

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"shlkiosk/sync/phi"
	"shlkiosk/sync/summary"
)

// sources parses every Go file below dir, tests left out.
func sources(t *testing.T, dir string) map[string]*ast.File {
	t.Helper()
	all := map[string]*ast.File{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Logf("%s does not parse now and is not looked at: %v", path, err)
			return nil
		}
		all[path] = f
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// Every key that the code asks for by name exists.
func TestEveryKeyInTheCodeExists(t *testing.T) {
	english := load(t).In("en")
	asked := 0
	for path, f := range sources(t, "..") {
		ast.Inspect(f, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) == 0 {
				return true
			}
			sel, ok := call.Fun.(*ast.SelectorExpr)
			if !ok || sel.Sel.Name != "T" && sel.Sel.Name != "N" {
				return true
			}
			lit, ok := call.Args[0].(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING {
				return true
			}
			key, err := strconv.Unquote(lit.Value)
			if err != nil {
				return true
			}
			asked++
			if !english.Has(key) {
				t.Errorf("%s asks for %q, which no catalogue has", path, key)
			}
			return true
		})
	}
	if asked == 0 {
		t.Error("no key found in any code: the search is broken")
	}
}

// Every constant that a record's view can hold has words.
func TestEveryWordOfARecordExists(t *testing.T) {
	c := load(t)
	w := c.In("en")
	for _, k := range summary.Kinds() {
		w.Kind(k)
		w.Count(k, 1)
		w.Count(k, 2)
	}
	for _, l := range summary.Labels() {
		w.Label(l)
	}
	for _, k := range summary.Words() {
		w.T("word."+string(k), "x")
	}
	for _, n := range summary.NoteCodes() {
		w.Note(summary.Note{Code: n, Count: 2})
	}
	for _, e := range summary.Effects() {
		w.Effect(e)
	}
	for _, s := range summary.DocumentStates() {
		w.DocumentState(s)
	}
	for _, a := range []summary.Apart{summary.ApartError, summary.ApartRefuted, summary.ApartOther} {
		w.Apart(a)
	}
	for _, other := range []bool{false, true} {
		w.Consent(other)
	}
	if m := c.Missing(); len(m) != 0 {
		t.Errorf("missing: %s", strings.Join(m, "\n"))
	}
}

func TestValuesAsARecordHasThem(t *testing.T) {
	w := load(t).In("en")
	q := func(n, unit string) summary.Quantity {
		return summary.Quantity{Number: phi.Text(n), Unit: phi.Text(unit)}
	}
	less := q("1.00", "mg")
	less.Comparator = "compare.lt"
	day := summary.Date{Year: 2020, Month: 3, Day: 4, Precision: summary.FullDay}
	for _, tc := range []struct {
		v    summary.Value
		want string
	}{
		{summary.Value{Kind: summary.ValueText, Text: "as it is"}, "as it is"},
		{summary.Value{Kind: summary.ValueWord, Word: "status.on-hold"}, "On hold"},
		{summary.Value{Kind: summary.ValueDate, Date: summary.Date{Year: 2020, Precision: summary.YearOnly}}, "2020"},
		{summary.Value{Kind: summary.ValueDate, Date: summary.Date{Year: 2020, Month: 3, Day: 4, Hour: 9, Minute: 5,
			Precision: summary.WithMinutes}}, "March 4, 2020, 9:05 AM"},
		{summary.Value{Kind: summary.ValueQuantity, Quantity: less}, "less than 1.00 mg"},
		{summary.Value{Kind: summary.ValueQuantity, Quantity: q("5", "")}, "5"},
		{summary.Value{Kind: summary.ValueRange, Quantity: q("3.5", "mmol/L"), High: q("5.10", "mmol/L")}, "3.5 to 5.10 mmol/L"},
		{summary.Value{Kind: summary.ValueRange, Quantity: q("3.5", "g"), High: q("5", "kg")}, "3.5 g to 5 kg"},
		{summary.Value{Kind: summary.ValueRange, Quantity: q("3.5", "g")}, "3.5 g or more"},
		{summary.Value{Kind: summary.ValueRange, High: q("5", "g")}, "5 g or less"},
		{summary.Value{Kind: summary.ValueRatio, Quantity: q("1", "mg"), Per: q("5", "mL")}, "1 mg per 5 mL"},
		{summary.Value{Kind: summary.ValueYesNo, Yes: true}, "Yes"},
		{summary.Value{Kind: summary.ValueYesNo}, "No"},
		{summary.Value{Kind: summary.ValuePeriod, Date: day}, "Since March 4, 2020"},
		{summary.Value{Kind: summary.ValuePeriod, End: day}, "Until March 4, 2020"},
		{summary.Value{Kind: summary.ValuePeriod, Date: day, End: day}, "March 4, 2020"},
		{summary.Value{}, ""},
	} {
		if got := w.Value(tc.v).Reveal(); got != tc.want {
			t.Errorf("%s: got %q, want %q", tc.v.Kind, got, tc.want)
		}
	}
	if got := w.Type("NutritionOrder"); got != "NutritionOrder" {
		t.Errorf("an unknown type reads %q", got)
	}
	if got := w.ItemTitle(summary.Item{Type: "Goal", Named: summary.NameNone}).Reveal(); got != "Goal" {
		t.Errorf("an item without a name reads %q", got)
	}
}

// codesIn finds the string constants of the named types in a room's source, so
// that a code that somebody adds tomorrow is found.
func codesIn(t *testing.T, dir string, types ...string) []string {
	var codes []string
	for _, f := range sources(t, dir) {
		for _, d := range f.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.CONST {
				continue
			}
			for _, s := range g.Specs {
				v := s.(*ast.ValueSpec)
				name, ok := v.Type.(*ast.Ident)
				if !ok || !slices.Contains(types, name.Name) {
					continue
				}
				for _, x := range v.Values {
					if lit, ok := x.(*ast.BasicLit); ok && lit.Kind == token.STRING {
						if code, err := strconv.Unquote(lit.Value); err == nil && code != "" {
							codes = append(codes, code)
						}
					}
				}
			}
		}
	}
	return codes
}

// Every code that a patient can meet has words for the patient and for staff.
func TestEveryReasonOfAVisitHasWords(t *testing.T) {
	english := load(t).In("en")
	for dir, types := range map[string][]string{"../flow": {"Reason"}, "../../sync/guard": {"Reason"},
		"../../sync/shl": {"Reason"}, "../../sync/fhir": {"Reason"}, "../../sync/shc": {"Reason", "State", "Status"}} {
		if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
			t.Logf("%s is not there", dir)
			continue
		}
		codes := codesIn(t, dir, types...)
		if len(codes) == 0 {
			t.Errorf("%s: no codes found", dir)
		}
		for _, code := range codes {
			if !HasReason(code) {
				t.Errorf("%s: %q has no words for the patient (reasonGroup)", dir, code)
			}
			if !english.Has("staff.why."+code) || !english.Has("staff.do."+code) {
				t.Errorf("%s: %q has no words for staff (staff-reasons.json)", dir, code)
			}
		}
	}
	for _, kind := range codesIn(t, "../../sync/shl", "Kind") {
		if !HasReason(kind) && !slices.Contains([]string{"shlink", "shc", "shc-jws", "shc-file"}, kind) {
			t.Errorf("a scanned text of kind %q has no words", kind)
		}
	}
}

// Every code that staff can meet has words of its room.
func TestEveryReasonOfARoomHasWordsForStaff(t *testing.T) {
	english := load(t).In("en")
	for dir, scope := range map[string]string{"intake": "import", "outbox": "ledger", "vault": "key", "staff": "desk", "audit": "audit"} {
		codes := codesIn(t, "../../sync/"+dir, "Reason")
		if len(codes) == 0 {
			t.Errorf("%s: no codes found", dir)
		}
		for _, code := range codes {
			if !english.Has("staff.why."+scope+"."+code) || !english.Has("staff.do."+scope+"."+code) {
				t.Errorf("%s: %q has no words for staff (staff-reasons.json, scope %s)", dir, code, scope)
			}
		}
	}
	for dir, prefix := range map[string]string{"match": "staff.why.match.", "intake": "staff.why.entry."} {
		for _, code := range untyped(t, "../../sync/"+dir, "Why") {
			if !english.Has(prefix + code) {
				t.Errorf("%s: %q has no words for staff (%s)", dir, code, prefix)
			}
		}
	}
	for _, code := range codesIn(t, "../../sync/match", "Objection") {
		if !english.Has("staff.match.note." + code) {
			t.Errorf("match: objection %q has no words", code)
		}
	}
}

// Every code that the wiring writes itself has words in one of the scopes.
func TestEveryReasonOfTheWiringHasWordsForStaff(t *testing.T) {
	english := load(t).In("en")
	found := 0
	for path, f := range sources(t, "../../cmd") {
		ast.Inspect(f, func(n ast.Node) bool {
			kv, ok := n.(*ast.KeyValueExpr)
			if !ok {
				return true
			}
			key, isName := kv.Key.(*ast.Ident)
			lit, isText := kv.Value.(*ast.BasicLit)
			if !isName || !isText || key.Name != "Reason" || lit.Kind != token.STRING {
				return true
			}
			code, err := strconv.Unquote(lit.Value)
			if err != nil || code == "" {
				return true
			}
			found++
			if !slices.ContainsFunc(Scopes(), func(s string) bool { return english.Has("staff.why." + strings.TrimPrefix(s+"."+code, ".")) }) {
				t.Errorf("%s: %q has no words for staff in any scope", path, code)
			}
			return true
		})
	}
	if found == 0 {
		t.Error("no code found: the search is broken")
	}
}

func TestStaffInFindsTheFirstScope(t *testing.T) {
	c := load(t)
	w := c.In("en")
	if got, want := w.StaffIn("disk-full"), w.Staff("ledger", "disk-full"); got != want || got.Do == "" {
		t.Errorf("got %v", got)
	}
	if got, want := w.StaffIn("server-error", "import", ""), w.Staff("import", "server-error"); got != want {
		t.Errorf("got %v", got)
	}
	if got := w.StaffIn("never-heard-of"); got.Why != "never-heard-of" || got.Do == "" || len(c.Missing()) != 1 {
		t.Errorf("an unknown code reads %v, missing %v", got, c.Missing())
	}
}

// untyped finds string constants by the beginning of their name.
func untyped(t *testing.T, dir, prefix string) []string {
	var codes []string
	for _, f := range sources(t, dir) {
		ast.Inspect(f, func(n ast.Node) bool {
			v, ok := n.(*ast.ValueSpec)
			if !ok || v.Type != nil || len(v.Names) != 1 || len(v.Values) != 1 || !strings.HasPrefix(v.Names[0].Name, prefix) {
				return true
			}
			if lit, ok := v.Values[0].(*ast.BasicLit); ok && lit.Kind == token.STRING {
				if code, err := strconv.Unquote(lit.Value); err == nil {
					codes = append(codes, code)
				}
			}
			return true
		})
	}
	if len(codes) == 0 {
		t.Errorf("%s: no codes %s… found", dir, prefix)
	}
	return codes
}

func TestEveryReasonHasItsThreeTexts(t *testing.T) {
	c := load(t)
	w := c.In("en")
	for _, dir := range []string{"../flow", "../../sync/shl"} {
		for _, code := range codesIn(t, dir, "Reason") {
			if r := w.Reason(code); r.Title == "" || r.What == "" || r.Do == "" {
				t.Errorf("%q: a text is empty", code)
			}
		}
	}
	if w.Reason("never heard of") != w.Reason("unknown") || HasReason("never heard of") {
		t.Error("an unknown code must get the words that are always right")
	}
	if m := c.Missing(); len(m) != 0 {
		t.Errorf("missing: %q", m)
	}
}
