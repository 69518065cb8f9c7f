package frontdesk

import (
	"encoding/json"
	"fmt"
	"reflect"
	"testing"
	"time"

	"shlkiosk/sync/desk"
	"shlkiosk/ui/staff"
)

// fill gives every field below v a value of its own; what is not carried over
// is then seen, whichever field it is and whenever it was added.
func fill(v reflect.Value, n *int) {
	*n++
	switch {
	case v.Type() == reflect.TypeFor[time.Time]():
		v.Set(reflect.ValueOf(time.Unix(int64(*n), 0).UTC()))
	case v.Kind() == reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), n)
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), n)
		}
	case v.Kind() == reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fill(v.Index(0), n)
		fill(v.Index(1), n)
	case v.Kind() == reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		key, val := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key, n)
		fill(val, n)
		v.SetMapIndex(key, val)
	case v.Kind() == reflect.String:
		v.SetString(fmt.Sprint("s", *n))
	case v.Kind() == reflect.Bool:
		v.SetBool(true)
	case v.CanInt():
		v.SetInt(int64(*n))
	case v.CanFloat():
		v.SetFloat(float64(*n))
	}
}

// over sends a value through JSON, as the connection does.
func over[T any](t *testing.T, v T) (out T) {
	t.Helper()
	b, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(b, &out)
	}
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestNothingIsLostOnTheWay(t *testing.T) {
	n := 0
	var d staff.Detail
	fill(reflect.ValueOf(&d).Elem(), &n)
	if n < 50 {
		t.Fatalf("only %d fields", n)
	}
	if got := takeCase(over(t, sendCase(d))); !reflect.DeepEqual(got, d) {
		t.Errorf("a case arrives as\n%#v, was\n%#v", got, d)
	}
	var g staff.Diagnostics
	fill(reflect.ValueOf(&g).Elem(), &n)
	g.Camera = nil // the picture stays on the kiosk
	if got := takeDiagnostics(over(t, sendDiagnostics(g))); !reflect.DeepEqual(got, g) {
		t.Errorf("diagnostics arrive as\n%#v, were\n%#v", got, g)
	}
	var p staff.Preview
	fill(reflect.ValueOf(&p).Elem(), &n)
	if got := takePreview(over(t, sendPreview(p))); !reflect.DeepEqual(got, p) {
		t.Errorf("a preview arrives as\n%#v, was\n%#v", got, p)
	}
	if got := takeCase(over(t, desk.Case{})); !reflect.DeepEqual(got, staff.Detail{}) {
		t.Errorf("nothing arrives as %#v", got)
	}
}
