package people

// storyCharts are the charts that the stories' patients have at the clinic, and
// those of people they are easily taken for.
func storyCharts() []draft {
	chart := func(kind, given, middle, family, born, gender, line, phone, email string, t town) draft {
		d := draft{middle: middle}
		d.Person = Person{Kind: kind, Given: given, Family: family, BirthDate: born, Gender: gender, Line: line, City: t.city, State: t.state, ZIP: t.zip, Phone: phone, Email: email}
		return d
	}
	fairview, marlow, lakemont := towns[0], towns[2], towns[5]
	return []draft{
		chart("returning", "Rosa", "Ann", "Castellano", "1968-04-12", "female", "214 Maple Avenue", "(216) 555-0142", "rosa.castellano@example.org", fairview),
		chart("returning", "Imani", "Grace", "Okafor", "1985-09-23", "female", "77 Cedar Lane", "(971) 555-0117", "imani.okafor@example.org", marlow),
		// Three charts that Elena Marchetti (born 1991-07-03) could be: her twin
		// sister, somebody of her name and birth date who lives elsewhere, and
		// somebody of her name with another birth date.
		chart("twin", "Elisa", "Jo", "Marchetti", "1991-07-03", "female", "9 Willow Drive", "(612) 555-0133", "elisa.marchetti@example.org", lakemont),
		chart("near-twin", "Elena", "Marie", "Marchetti", "1991-07-03", "female", "480 Oak Street", "(541) 555-0199", "e.marchetti@example.org", marlow),
		chart("near-twin", "Elena", "Rose", "Marchetti", "1991-07-30", "female", "12 Birch Road", "(216) 555-0108", "", fairview),
		chart("returning", "Keiko", "", "Yamamoto", "1957-12-02", "female", "31 Juniper Way", "(612) 555-0161", "keiko.yamamoto@example.org", lakemont),
		chart("returning", "Priya", "", "Goldstein", "2009-05-17", "female", "58 Hawthorne Street", "(216) 555-0175", "", fairview),
	}
}
