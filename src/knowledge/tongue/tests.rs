use super::super::tests::golden;
use super::*;

fn tongue(question: &str) -> Option<&'static str> {
    Tongues::embedded().tongue(question)
}

#[test]
fn a_question_that_is_clearly_in_another_language_opens_in_it() {
    for (question, wanted) in [
        ("mi clave api caducó", "es"),
        ("cómo creo una clave nueva", "es"),
        ("minha chave expirou, o que faço", "pt"),
        ("não funciona", "pt"),
        ("mein Schlüssel ist abgelaufen", "de"),
        ("was tun wenn der key weg ist", "de"),
        ("ma clé est refusée, pourquoi", "fr"),
        ("ошибка 400003", "ru"),
        ("почему kucoin отклоняет ключ", "ru"),
        ("anahtarımın süresi doldu", "tr"),
        ("API密钥已过期怎么办", "zh"),
        ("khóa api hết hạn phải làm sao", "vi"),
        ("kenapa kunci saya tidak bisa dipakai", "id"),
    ] {
        assert_eq!(tongue(question), Some(wanted), "{question}");
        assert!(Tongues::embedded().opening(question).is_some(), "{question}");
    }
}

#[test]
fn english_codes_other_languages_and_doubt_open_with_nothing() {
    for question in [
        "",
        "400003",
        "my api key expired",
        "kucoin says die key is dead",
        "what does contraseña mean in the key settings, how is it called in english and why",
        "{\"code\":\"400003\",\"msg\":\"The API key does not exist or site mismatch.\"}",
        "la chiave non funziona, perché",
        "waarom werkt mijn sleutel niet",
        "welke tijdzone gebruik je",
        "ключ не працює, чому її немає",
        "APIキーの期限が切れました",
        "크롬에서 API 만들기 버튼이 안 눌려요",
        "el niño",
    ] {
        assert_eq!(tongue(question), None, "{question}");
    }
}

/// Every collected question: those marked as another language, and those that are not marked.
#[test]
fn the_collected_questions_open_in_their_language_and_english_ones_with_nothing() {
    let tongues = Tongues::embedded();
    let (mut right, mut marked) = (0, 0);
    for name in ["faq-questions", "faq-second-questions"] {
        for row in golden::rows(name) {
            let found = tongues.tongue(&row.query);
            if row.kind != "non-english" {
                assert_eq!(found, None, "{}", row.query);
                continue;
            }
            let wanted = OPENINGS.iter().find(|(tongue, _)| Some(*tongue) == row.tag.as_deref());
            marked += 1;
            right += usize::from(found == wanted.map(|(tongue, _)| *tongue));
            assert!(found.is_none() || found == row.tag.as_deref(), "{}: {found:?}", row.query);
        }
    }
    assert!(marked >= 25 && right * 10 >= marked * 9, "{right} of {marked}");
}

#[test]
fn the_entries_themselves_are_english() {
    let tongues = Tongues::embedded();
    for entry in super::super::Knowledge::embedded().entries() {
        assert_eq!(tongues.tongue(&entry.title), None, "{}", entry.title);
        assert_eq!(tongues.tongue(&entry.answer), None, "{}", entry.answer);
    }
}
