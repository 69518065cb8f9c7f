package ktc

import (
	"encoding/base64"
	"encoding/json"
	"reflect"
	"strings"
)

func decodePayload(link string) ([]byte, error) {
	return base64.RawURLEncoding.DecodeString(strings.TrimPrefix(link, "shlink:/"))
}

func jsonEqual(a, b []byte) bool {
	var x, y any
	return json.Unmarshal(a, &x) == nil && json.Unmarshal(b, &y) == nil && reflect.DeepEqual(x, y)
}
