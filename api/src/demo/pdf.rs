//! Small PDF files: one page of plain text each, valid to every reader.

const LINE_HEIGHT: usize = 18;

/// A page with a title and some lines; characters outside of printable ASCII become question marks.
pub(super) fn page(title: &str, lines: &[String]) -> Vec<u8> {
    let mut text = format!("BT /F1 16 Tf {LINE_HEIGHT} TL 72 720 Td ({}) Tj T* /F1 11 Tf", escaped(title));
    for line in lines {
        text.push_str(&format!("\n T* ({}) Tj", escaped(line)));
    }
    text.push_str(" ET");
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 5 0 R /Resources << /Font << /F1 4 0 R >> >> >>"
            .to_owned(),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>".to_owned(),
        format!("<< /Length {} >>\nstream\n{text}\nendstream", text.len()),
    ];
    whole(&objects)
}

/// The objects with the table of their places, by which readers find them.
fn whole(objects: &[String]) -> Vec<u8> {
    let mut file = "%PDF-1.4\n".to_owned();
    let mut places = Vec::with_capacity(objects.len());
    for (index, object) in objects.iter().enumerate() {
        places.push(file.len());
        file.push_str(&format!("{} 0 obj\n{object}\nendobj\n", index + 1));
    }
    let (table, size) = (file.len(), objects.len() + 1);
    file.push_str(&format!("xref\n0 {size}\n0000000000 65535 f \n"));
    for place in places {
        file.push_str(&format!("{place:010} 00000 n \n"));
    }
    file.push_str(&format!("trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n"));
    file.into_bytes()
}

/// A text as the content of a string in parentheses.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '(' | ')' | '\\' => escaped.extend(['\\', letter]),
            ' '..='~' => escaped.push(letter),
            _ => escaped.push('?'),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_object_is_where_the_table_says() {
        let file = String::from_utf8(page("A (b) \\ ü", &["one".to_owned(), "two".to_owned()])).unwrap();
        assert!(file.starts_with("%PDF-1.4\n") && file.ends_with("%%EOF\n") && file.is_ascii());
        assert!(file.contains(r"(A \(b\) \\ ?) Tj"));
        let table: usize = file.rsplit("startxref\n").next().unwrap().lines().next().unwrap().parse().unwrap();
        let mut lines = file[table..].lines();
        assert_eq!((lines.next(), lines.next(), lines.next()), (Some("xref"), Some("0 6"), Some("0000000000 65535 f ")));
        for number in 1..=5 {
            let line = lines.next().unwrap();
            assert_eq!(line.len() + 1, 20, "an entry of the table has 20 bytes");
            let place: usize = line[..10].parse().unwrap();
            assert!(file[place..].starts_with(&format!("{number} 0 obj\n")), "{number}");
        }
        let stream = file.split("stream\n").nth(1).unwrap().trim_end_matches("\nend");
        assert!(file.contains(&format!("/Length {} ", stream.len())));
    }
}
