//! Short lists of plain names and sentences.

pub(super) const FIRST_NAMES: &[&str] = &[
    "Ada", "Alan", "Alice", "Amir", "Anna", "Ben", "Carla", "Carlos", "Chloe", "Clara", "Daniel", "David", "Diana", "Elena",
    "Emil", "Emma", "Erik", "Fatima", "Felix", "Grace", "Hana", "Henry", "Hugo", "Ida", "Irene", "Ivan", "Jack", "Jane", "Jonas",
    "Julia", "Karim", "Kate", "Laura", "Leo", "Lina", "Lucas", "Maria", "Mark", "Maya", "Mia", "Nadia", "Nina", "Noah", "Nora",
    "Olga", "Omar", "Oscar", "Paul", "Petra", "Rosa", "Ruth", "Sam", "Sara", "Simon", "Sofia", "Tom", "Vera", "Victor", "Wendy",
    "Yusuf",
];

pub(super) const LAST_NAMES: &[&str] = &[
    "Adams", "Baker", "Bell", "Berg", "Brooks", "Carter", "Chen", "Clark", "Cole", "Cruz", "Diaz", "Dunn", "Ellis", "Evans",
    "Fischer", "Flores", "Ford", "Garcia", "Gray", "Green", "Haas", "Hall", "Hayes", "Hill", "Hughes", "Ito", "James", "Jensen",
    "Jones", "Kelly", "Khan", "Kim", "King", "Larsen", "Lee", "Lopez", "Marsh", "Martin", "Meyer", "Mills", "Moss", "Nguyen",
    "Novak", "Ortiz", "Patel", "Perez", "Price", "Reed", "Reyes", "Rossi", "Sato", "Shaw", "Silva", "Stone", "Torres", "Turner",
    "Vega", "Walsh", "Weber", "Young",
];

pub(super) const HOLD_REASONS: &[&str] = &[
    "waiting for pay stub",
    "waiting for the employer's answer",
    "service dates need confirmation",
    "member is on leave",
    "waiting for the agency's statement",
    "form SF-50 is unreadable",
    "beneficiary form is missing",
];

pub(super) const RESUME_REASONS: &[&str] = &["document received", "answer received", "dates confirmed", "member is back"];

pub(super) const REJECTION_NOTES: &[&str] = &[
    "Please complete section 3 of the fact finder.",
    "The leave and earnings statement is missing.",
    "We need the high-three salary history.",
    "The requested credit does not match the reports.",
];

pub(super) const REASSIGN_REASONS: &[&str] = &["balancing the queue", "vacation", "specialist needed", "asked by the technician"];

pub(super) const TIER_REASONS: &[&str] =
    &["military service found", "simpler than it looked", "second retirement system involved", "court order on file"];

pub(super) const CREDIT_REASONS: &[&str] = &["extra scenario", "one report less", "agreed with the member"];

pub(super) const REOPEN_REASONS: &[&str] = &["calculation error found", "late document changes the result"];

pub(super) const REVIEW_NOTES: &[&str] = &[
    "Numbers checked against the statement.",
    "Survivor benefit was missing in scenario 2.",
    "Well done.",
    "Please explain the sick leave credit.",
];

pub(super) const MEMBER_NOTES: &[&str] = &[
    "Employee plans to retire at the end of the year.",
    "Please include the survivor benefit.",
    "Spouse is also a federal employee.",
    "Needed for a meeting with the client.",
];

pub(super) const STAFF_NOTES: &[&str] = &[
    "Checked service history, one gap in 1998.",
    "FEHB enrolment confirmed by phone.",
    "TSP balance taken from the latest statement.",
    "Two scenarios are enough here.",
];

pub(super) const REPORT_NOTES: &[&str] =
    &["See page 4 for the survivor options.", "Scenario 2 assumes retirement at 62.", "The estimate is before taxes."];

pub(super) const INTERNAL_NOTES: &[&str] = &[
    "Called the agency: the service history is on its way.",
    "The high-three salary differs from the pay stub, asked the member.",
    "Checked the military deposit, nothing owed.",
    "Second scenario agreed with the member by phone.",
];

pub(super) const SHARED_NOTES: &[&str] = &[
    "We are waiting for the agency's answer and continue as soon as it is here.",
    "The report will include both survivor options.",
    "Please check the service dates on page 2.",
];

pub(super) const COMMENTS: &[&str] = &[
    "The client asks when the report will be ready.",
    "The pay stub of October follows tomorrow.",
    "Thank you, that answers the client's question.",
    "The employee moved the retirement date to June.",
];

pub(super) const SUPPORTING_DOCUMENTS: &[&str] =
    &["Leave and earnings statement", "Form SF-50", "TSP statement", "Social security statement", "Beneficiary form"];

pub(super) const ALLOWANCE_NOTES: &[&str] = &["additional seminar", "agreed for this quarter", "two workshops joined"];

pub(super) const LEAVING_REASONS: &[&str] = &["left the company", "moved to another workshop", "account no longer needed"];

pub(super) const USER_AGENTS: &[&str] = &[
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_6) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15",
    "Mozilla/5.0 (X11; Linux x86_64; rv:142.0) Gecko/20100101 Firefox/142.0",
];
