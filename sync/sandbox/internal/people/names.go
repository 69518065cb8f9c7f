package people

import "strings"

// The words that people are made of. All combinations are made up; phone
// numbers are from the range 555-0100 to 555-0199, which is kept free for
// fiction, mail addresses from example.org (RFC 2606), and family names carry no
// meaning beyond being plausible in the United States.
var (
	femaleNames = strings.Fields("Amelia Beatriz Carmen Denise Elena Fatima Grace Hannah Imani Joyce Keiko Latoya Marisol Nadia Olivia Priya Quinn Rosa Simone Teresa Uma Valentina Wanda Ximena Yolanda Zainab Abigail Brenda Chiara Dolores")
	maleNames   = strings.Fields("Andre Benjamin Carlos Dmitri Elijah Felix Gustavo Hassan Isaiah Jamal Kenji Leonard Marcus Nikolai Omar Pablo Quentin Rafael Samuel Tomas Ulises Vincent Walter Xavier Yusuf Zachary Arthur Bruno Cedric Darnell")
	familyNames = strings.Fields("Abernathy Baptiste Castellano Delacroix Eriksen Fairbanks Goldstein Haddad Ibarra Jankowski Kowalczyk Lindqvist Marchetti Nakamura Okafor Pemberton Quintero Rasmussen Santoro Thibodeaux Underhill Vasquez Whitfield Xiong Yamamoto Zielinski Ashworth Blackwood Crenshaw Dunleavy Ellsworth Fitzgerald Gallagher Holloway Ingersoll Jefferson Kirkland Lockhart Montgomery Novak")
	accented    = []string{"Núñez", "Peña", "Müller", "Sørensen", "Gonçalves", "Dvořák", "Nguyễn", "Ó Briain", "Žukauskas", "García-López"}
	accentFirst = []string{"José", "Zoë", "Renée", "André", "Søren", "Chloë", "Jürgen", "Inés", "Łukasz", "Aimée"}
	middleNames = strings.Fields("Ann Lee Marie James Ray Lynn Jo Grace Paul Rose")
	streets     = []string{"Maple Avenue", "Oak Street", "Cedar Lane", "Willow Drive", "Elm Court", "Birch Road", "Juniper Way", "Sycamore Boulevard", "Magnolia Terrace", "Hawthorne Street"}
	// Towns that do not exist, with ZIP codes that are not assigned (001xx).
	towns = []town{
		{"Fairview Hollow", "OH", "00121"}, {"Cedar Bluffs", "IA", "00134"}, {"Port Marlow", "OR", "00197"},
		{"San Alvaro", "TX", "00178"}, {"Millbrook Falls", "NY", "00112"}, {"Lakemont", "MN", "00145"},
	}
	clinics = []string{"Lakemont Family Health Center (demo)", "Cedar Bluffs Community Clinic (demo)", "Port Marlow Medical Group (demo)"}
)

// nicknames are short forms that a person may give at the desk.
var nicknames = map[string]string{
	"Abigail": "Abby", "Benjamin": "Ben", "Samuel": "Sam", "Zachary": "Zach", "Leonard": "Leo", "Vincent": "Vince", "Olivia": "Liv", "Teresa": "Tess",
}
