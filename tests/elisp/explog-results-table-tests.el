;;; explog-results-table-tests.el --- Org reads the tables that the server makes  -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: GPL-3.0-or-later

;; `tests/results/test_formats.py' holds the server against the same file.

;;; Code:

(require 'explog-test)
(require 'org)
(require 'org-table)

(defconst explog-results-table-tests--file
  (expand-file-name "../data/results.org" (file-name-directory (or load-file-name buffer-file-name)))
  "A table as the server makes it.")

(defmacro explog-results-table-tests--in-table (&rest body)
  "Run BODY with point in the table."
  (declare (indent 0))
  `(with-temp-buffer
     (insert-file-contents explog-results-table-tests--file)
     (org-mode)
     (goto-char (point-min))
     ,@body))

(ert-deftest explog-results-table-test-aligned ()
  "The table is aligned as org does it."
  (explog-results-table-tests--in-table
    (let ((before (buffer-string)))
      (org-table-align)
      (should (equal before (buffer-string))))))

(ert-deftest explog-results-table-test-fields ()
  "Org reads the fields that were written, also those with a bar in them."
  (explog-results-table-tests--in-table
    (let ((rows (remq 'hline (org-table-to-lisp))))
      (should (equal '(7) (delete-dups (mapcar #'length rows))))
      (should (equal '("=[e201.2]=" "Test 漢字 \\vert{} with ABC" "1" "0.01" "=ab_c=" "*72.40 %*" "0.31")
                     (nth 2 rows)))
      (should (equal '("=[e201.10]=" "\\lt{}r5>" "1" "" "" "" "nan") (nth 4 rows))))))

(ert-deftest explog-results-table-test-export ()
  "Org exports bars, names and the best as they are meant."
  (require 'ox-ascii)
  (explog-results-table-tests--in-table
    (let ((text (org-export-as 'ascii nil nil t '(:ascii-charset utf-8))))
      (should (string-match-p "漢字 | with ABC" text))
      (should (string-match-p "ab_c" text))
      (should (string-match-p "\\*72.40 %\\*" text)))))

(ert-deftest explog-results-table-test-latex ()
  "No row of the LaTeX that org exports begins with a bracket.
LaTeX would take it for an argument of the end of the row before."
  (require 'ox-latex)
  (explog-results-table-tests--in-table
    (let ((text (org-export-as 'latex nil nil t)))
      (should (string-match-p "{\\[e201\\.2\\]} &" text))
      (should-not (string-match-p "^\\[" text)))))

;;; explog-results-table-tests.el ends here
