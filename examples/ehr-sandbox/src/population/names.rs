//! Names from lists written for this program. Any likeness to a living person is chance.

use super::draw::Draw;

/// A circle of names with the language its people may speak at home.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Circle {
    English,
    Spanish,
    Chinese,
    Vietnamese,
}

struct Names {
    women: &'static [&'static str],
    men: &'static [&'static str],
    families: &'static [&'static str],
}

const ENGLISH: Names = Names {
    women: &[
        "Ada", "Alma", "Amara", "Beatrice", "Bridget", "Camille", "Clara", "Dalia", "Deborah", "Delphine", "Edith", "Elena", "Esther",
        "Fatima", "Fiona", "Gwen", "Hannah", "Harriet", "Imani", "Ingrid", "Joyce", "Judith", "Keisha", "Latoya", "Leila", "Lorraine",
        "Mabel", "Margaret", "Miriam", "Nadia", "Naomi", "Odette", "Opal", "Patricia", "Priya", "Rebecca", "Rosalind", "Ruth", "Samira",
        "Sheila", "Tamsin", "Theresa", "Una", "Valerie", "Wanda", "Yolanda", "Yvonne", "Zora", "Abigail", "Colette", "Dorothy", "Frances",
        "Gloria", "Hilda", "Ivy",
    ],
    men: &[
        "Abel", "Adrian", "Amos", "Basil", "Bernard", "Calvin", "Cedric", "Clement", "Darnell", "Dennis", "Elias", "Emmett", "Ezra",
        "Felix", "Franklin", "Gideon", "Grant", "Hassan", "Harold", "Hugo", "Ibrahim", "Isaac", "Jerome", "Jonas", "Kareem", "Kenneth",
        "Lamont", "Leonard", "Malik", "Marcus", "Miles", "Nathan", "Neil", "Omar", "Orson", "Otis", "Percy", "Quentin", "Raj", "Reuben",
        "Roland", "Rufus", "Silas", "Terrence", "Theo", "Ulysses", "Victor", "Walter", "Wendell", "Xavier", "Yusuf", "Zachary", "Arthur",
        "Byron", "Curtis",
    ],
    families: &[
        "Abernathy",
        "Achterberg",
        "Adeyemi",
        "Ashdown",
        "Baptiste",
        "Barlowe",
        "Bellweather",
        "Brightwater",
        "Calloway",
        "Carmody",
        "Chaudhary",
        "Coldbrook",
        "Dankworth",
        "Desrosiers",
        "Dunmore",
        "Eastlake",
        "Ellsworth",
        "Fairbairn",
        "Farrow",
        "Featherstone",
        "Galloway",
        "Greenhalgh",
        "Hadley",
        "Hargrove",
        "Haverford",
        "Hollis",
        "Idowu",
        "Ingersoll",
        "Jefferies",
        "Kessler",
        "Kingsbury",
        "Lindqvist",
        "Lockhart",
        "Mahmoud",
        "Marchetti",
        "Merriweather",
        "Nakamura",
        "Northcott",
        "Oakley",
        "Okafor",
        "Osei",
        "Pemberton",
        "Prentiss",
        "Quimby",
        "Radcliffe",
        "Rosenthal",
        "Sandoval",
        "Shackleford",
        "Singh",
        "Stonebridge",
        "Thackeray",
        "Tillman",
        "Underhill",
        "Vandermeer",
        "Wainwright",
        "Whitcombe",
        "Winslow",
        "Yarborough",
        "Youngblood",
        "Zielinski",
        "Ó Dálaigh",
        "Müller",
        "Núñez-Hart",
    ],
};

const SPANISH: Names = Names {
    women: &[
        "Adela",
        "Ana Lucía",
        "Beatriz",
        "Carmen",
        "Catalina",
        "Dolores",
        "Esperanza",
        "Estela",
        "Gabriela",
        "Graciela",
        "Inés",
        "Josefina",
        "Leticia",
        "Lourdes",
        "Luz",
        "Magdalena",
        "Marisol",
        "Mercedes",
        "Paloma",
        "Pilar",
        "Ramona",
        "Rocío",
        "Rosario",
        "Socorro",
        "Teresa",
        "Ximena",
    ],
    men: &[
        "Alejandro",
        "Andrés",
        "Arturo",
        "Benito",
        "César",
        "Diego",
        "Eduardo",
        "Emilio",
        "Esteban",
        "Gerardo",
        "Héctor",
        "Ignacio",
        "Javier",
        "Joaquín",
        "Julio",
        "Lázaro",
        "Mateo",
        "Octavio",
        "Ramón",
        "Raúl",
        "Salvador",
        "Tomás",
    ],
    families: &[
        "Aguirre",
        "Alvarado",
        "Arroyo",
        "Benavides",
        "Cárdenas",
        "Castañeda",
        "Delgado",
        "Escobar",
        "Figueroa",
        "Gallegos",
        "Ibarra",
        "Jaramillo",
        "Lozano",
        "Maldonado",
        "Montoya",
        "Ochoa",
        "Palacios",
        "Quintero",
        "Rentería",
        "Saldaña",
        "Treviño",
        "Urrutia",
        "Valdivia",
        "Villaseñor",
        "Zamora",
    ],
};

const CHINESE: Names = Names {
    women: &["Fang", "Hui", "Jing", "Li Na", "Lian", "Mei", "Ping", "Qiu", "Xia", "Yan", "Ying", "Zhen"],
    men: &["Bo", "Chang", "Feng", "Guang", "Hao", "Jian", "Kai", "Lei", "Ming", "Tao", "Wei", "Yong"],
    families: &["Cao", "Deng", "Fong", "Guo", "Hsu", "Jiang", "Kwan", "Liang", "Peng", "Shen", "Tang", "Xie", "Zhao"],
};

const VIETNAMESE: Names = Names {
    women: &["Ánh", "Bích", "Dung", "Hoa", "Hương", "Lan", "Linh", "Mai", "Ngọc", "Phương", "Thảo", "Thu", "Tuyết"],
    men: &["An", "Bảo", "Cường", "Dũng", "Hải", "Hùng", "Khang", "Long", "Minh", "Nam", "Quang", "Sơn", "Tuấn"],
    families: &["Bùi", "Dương", "Đặng", "Đỗ", "Hoàng", "Huỳnh", "Lê", "Ngô", "Nguyễn", "Phạm", "Trần", "Vũ"],
};

impl Circle {
    const fn names(self) -> &'static Names {
        match self {
            Self::English => &ENGLISH,
            Self::Spanish => &SPANISH,
            Self::Chinese => &CHINESE,
            Self::Vietnamese => &VIETNAMESE,
        }
    }

    pub(crate) fn given(self, draw: &mut Draw, female: bool) -> &'static str {
        let names = self.names();
        draw.word(if female { names.women } else { names.men })
    }

    pub(crate) fn family(self, draw: &mut Draw) -> &'static str {
        draw.word(self.names().families)
    }
}
