package main

import (
	"encoding/base64"
	"encoding/xml"
	"strings"
)

// zbarTexts reads the answer of zbarimg --xml.
func zbarTexts(out []byte) []string {
	var doc struct {
		Symbols []struct {
			Data struct {
				Format string `xml:"format,attr"`
				Text   string `xml:",chardata"`
			} `xml:"data"`
		} `xml:"source>index>symbol"`
	}
	if xml.Unmarshal(out, &doc) != nil {
		return nil
	}
	var t []string
	for _, s := range doc.Symbols {
		v := s.Data.Text
		if s.Data.Format == "base64" {
			b, err := base64.StdEncoding.DecodeString(strings.TrimSpace(v))
			if err != nil {
				continue
			}
			v = string(b)
		}
		t = append(t, v)
	}
	return t
}
