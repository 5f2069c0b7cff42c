// SPDX-License-Identifier: Apache-2.0

extension RedactionValidator {
    /// What of the candidate goes, nil if it is none.
    func accepted(_ candidate: Candidate) -> Range<Int>? {
        switch self {
        case .none: candidate.group
        case .cardNumber: FinancialNumber.card(candidate)
        case .iban: FinancialNumber.iban(candidate)
        case .email: TextShape.email(candidate)
        case .phone: TextShape.phone(candidate)
        case .credential: TextShape.credential(candidate)
        case .password: TextShape.password(candidate)
        case .jwt: TextShape.jwt(candidate)
        case .pem: TextShape.pem(candidate)
        case .ipv4: TextShape.ipv4(candidate)
        case .ipv6: TextShape.ipv6(candidate)
        case .mac: TextShape.mac(candidate)
        case .path: TextShape.extendedToQuote(candidate)
        default: candidate.isInIdentifier || !isNumber(candidate) ? nil : candidate.group
        }
    }

    /// The validators of numbers, which need no more than a yes or no.
    private func isNumber(_ candidate: Candidate) -> Bool {
        let digits = candidate.digits
        return switch self {
        case .luhn: Checksums.luhn(digits) && Set(digits).count > 1
        case .usSSN: NationalNumber.socialSecurity(candidate) != nil
        case .usITIN: NationalNumber.taxpayer(candidate) != nil
        case .usNPI: Checksums.luhn([8, 0, 8, 4, 0] + digits)
        case .usABA: Checksums.weighted(digits, [3, 7, 1, 3, 7, 1, 3, 7, 1]) % 10 == 0
        case .usDEA: NationalNumber.dea(digits)
        case .ukNINO: NationalNumber.nationalInsurance(candidate)
        case .ukNHS:
            NationalNumber.nhs(digits)
                && NationalNumber.isSeparatedOrNamed(candidate, [3, 3, 4])
        case .ukUTR: NationalNumber.utr(digits)
        case .auTFN: Checksums.weighted(digits, [1, 4, 3, 7, 5, 8, 6, 9, 10]) % 11 == 0
        case .auABN:
            NationalNumber.abn(digits)
                && NationalNumber.isSeparatedOrNamed(candidate, [2, 3, 3, 3])
        case .auMedicare:
            Checksums.weighted(digits, [1, 3, 7, 9, 1, 3, 7, 9]) % 10 == digits[8]
                && NationalNumber.isSeparatedOrNamed(candidate, [4, 5, 1])
        case .verhoeff:
            Checksums.verhoeff(digits)
                && NationalNumber.isSeparatedOrNamed(candidate, [4, 4, 4])
        case .sgNRIC: NationalNumber.nric(candidate)
        case .krRRN: NationalNumber.rrn(digits)
        case .zaID:
            Checksums.luhn(digits)
                && Checksums.isDate(
                    month: digits[2] * 10 + digits[3], day: digits[4] * 10 + digits[5])
        case .brCPF:
            NationalNumber.cpf(digits)
                && (candidate.groupSizes == [3, 3, 3, 2] || candidate.hasContext)
        case .brCNPJ:
            NationalNumber.cnpj(digits)
                && (candidate.groupSizes == [2, 3, 3, 4, 2] || candidate.hasContext)
        default: isEuropean(candidate, digits)
        }
    }

    private func isEuropean(_ candidate: Candidate, _ digits: [Int]) -> Bool {
        switch self {
        case .deSteuerID:
            Checksums.mod11And10(digits.prefix(10)) == digits[10]
                && Set(digits.prefix(10)).count < 10
        case .frNIR: NationalNumber.nir(candidate) && (!candidate.isBare || candidate.hasContext)
        case .esNIF: NationalNumber.nif(candidate)
        case .itCodiceFiscale: NationalNumber.codiceFiscale(candidate)
        case .plPESEL: NationalNumber.pesel(digits)
        case .nlBSN: NationalNumber.bsn(digits)
        case .sePersonnummer: NationalNumber.personnummer(digits)
        case .fiHETU: NationalNumber.hetu(candidate)
        case .beNN:
            NationalNumber.belgian(digits)
                && (candidate.groupSizes == [2, 2, 2, 3, 2] || candidate.hasContext)
        // A country's prefix and length are in the pattern, a word beside it in the rule.
        default: self == .euVAT
        }
    }
}
