;;; explog-write-tests.el --- Tests of notes, steps and conclusions  -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: GPL-3.0-or-later

;;; Commentary:

;; Logs before and after a command.  In both, ◊ is where point is, and in
;; the latter STAMP is the time.

;;; Code:

(require 'explog-test)
(require 'explog-conclude)
(require 'explog-note)
(require 'explog-step)
(require 'explog-write)
(require 'log-edit)

;;;; Before and after

(defun explog-write-tests--stamped (text)
  "Return TEXT with STAMP for the time that it was written."
  (replace-regexp-in-string
   (concat "\\[" (format-time-string "%Y-") "[-0-9]+ [^] \n]+ [0-9:]+\\]") "STAMP" text t t))

(defun explog-write-tests--text ()
  "Return the text of the buffer with ◊ at point and STAMP for the time."
  (save-restriction
    (widen)
    (explog-write-tests--stamped
     (concat (buffer-substring-no-properties (point-min) (point)) "◊"
             (buffer-substring-no-properties (point) (point-max))))))

(defmacro explog-write-tests--with-log (before &rest body)
  "Do BODY in the selected window with a log of BEFORE, point being at ◊."
  (declare (indent 1) (debug t))
  `(let ((text ,before) (org-adapt-indentation nil) (inhibit-message t))
     (explog-test-with-log (string-replace "◊" "" text)
       (save-window-excursion
         (set-window-buffer nil (current-buffer))
         (goto-char (1+ (or (string-search "◊" text) 0)))
         ,@body))))

(defun explog-write-tests--press (keys &rest answers)
  "Press KEYS, and then those for ANSWERS, each ended by RET.
The first of KEYS may name a command."
  (execute-kbd-macro
   (apply #'vconcat (kbd keys)
          (mapcar (lambda (answer) (vconcat answer [return])) answers)))
  (set-buffer (window-buffer)))

(defun explog-write-tests--check (before after keys &rest answers)
  "See that KEYS and ANSWERS make AFTER of the log BEFORE, and undo BEFORE of it.
What is not at point stays at all: a part of the buffer that is hidden,
the narrowing, and whether it is saved."
  (explog-write-tests--with-log before
    (apply #'explog-write-tests--press keys answers)
    (ert-info ((format "%s: %s" keys before))
      (should (equal (explog-write-tests--text) after))
      (should (equal (explog-test-bytes file)
                     (encode-coding-string (string-replace "◊" "" before) 'utf-8)))
      (undo-boundary)
      (setq last-command nil)
      (undo)
      (should (equal (buffer-string) (string-replace "◊" "" before)))
      (should-not (buffer-modified-p)))))

(defconst explog-write-tests--head "* TODO [201] ABC [0%] :exp:\n"
  "The heading of the experiment in most tests.")

(defun explog-write-tests--table (keys table &rest answers)
  "See that KEYS and ANSWERS do what TABLE has, a list of (BEFORE AFTER)."
  (pcase-dolist (`(,before ,after) table)
    (apply #'explog-write-tests--check
           (concat explog-write-tests--head before)
           (concat explog-write-tests--head after)
           keys answers)))

;;;; Notes in the section

(ert-deftest explog-write-test-note-in-section ()
  "A note is put at the end of the heading for notes, which is made if need be."
  (explog-write-tests--table
   "M-x explog-note RET"
   '(;; As the template makes it.
     ("◊\n- Why\n\n** Notes\n\n** TODO Experiments [/]\n1. [ ] a\n"
      "\n- Why\n\n** Notes\n- STAMP ◊\n\n** TODO Experiments [/]\n1. [ ] a\n")
     ;; Behind others.
     ("◊- Why\n** Notes\n- a\n  b\n\n\n** TODO Experiments\n1. [ ] a\n"
      "- Why\n** Notes\n- a\n  b\n- STAMP ◊\n\n\n** TODO Experiments\n1. [ ] a\n")
     ("** Notes\n  + a\n    - b◊\n" "** Notes\n  + a\n    - b\n  + STAMP ◊\n")
     ("** Notes\n◊text\n" "** Notes\ntext\n- STAMP ◊\n")
     ("** Notes\n◊text" "** Notes\ntext\n- STAMP ◊")
     ("** notes [1/2] :x:\n◊" "** notes [1/2] :x:\n- STAMP ◊\n")
     ;; Before what is beneath the notes, and behind a drawer or a block.
     ("** Notes\n*** Deeper\n- ◊x\n" "** Notes\n- STAMP ◊\n*** Deeper\n- x\n")
     ("** Notes\n:LOGBOOK:\n- x\n:END:◊\n" "** Notes\n:LOGBOOK:\n- x\n:END:\n- STAMP ◊\n")
     ("** Notes\n- a\n  #+begin_src\n1. x\n  #+end_src◊\n"
      "** Notes\n- a\n  #+begin_src\n1. x\n  #+end_src\n- STAMP ◊\n")
     ;; Not in a numbered list.
     ("** Notes\n1. a\n2. b◊\n" "** Notes\n1. a\n2. b\n\n\n- STAMP ◊\n")
     ;; No heading for notes: the post's own example has none.
     ("  :PROPERTIES:\n  :ID:       201\n  :END:\n  [2018-06-06 Wed 16:16]\n\n\n- Test◊\n\n** TODO Experiments [1/2]\n1. [x] a (83d45cd) \n2. [ ] b\n\n** TODO Conclusions\n"
      "  :PROPERTIES:\n  :ID:       201\n  :END:\n  [2018-06-06 Wed 16:16]\n\n\n- Test\n\n** Notes\n- STAMP ◊\n\n** TODO Experiments [1/2]\n1. [x] a (83d45cd) \n2. [ ] b\n\n** TODO Conclusions\n")
     ("- Test◊\n** TODO Experiments\n" "- Test\n** Notes\n- STAMP ◊\n** TODO Experiments\n")
     ("***◊ TODO Experiments\n" "*** Notes\n- STAMP ◊\n*** TODO Experiments\n")
     ("◊" "\n** Notes\n- STAMP ◊\n")
     ("- a◊" "- a\n\n** Notes\n- STAMP ◊")
     ;; The notes of another experiment are not this one's.
     ("- a◊\n** [202] Notes :exp:\n** [203] b\n*** Notes\n"
      "- a\n** Notes\n- STAMP ◊\n** [202] Notes :exp:\n** [203] b\n*** Notes\n")
     ("- a◊\n\n* [202] b :exp:\n** Notes\n"
      "- a\n\n** Notes\n- STAMP ◊\n\n* [202] b :exp:\n** Notes\n"))))

(ert-deftest explog-write-test-note-indented ()
  "Where org indents what is under a heading, so is a note."
  (let ((before (concat explog-write-tests--head "** Notes\n")))
    (explog-write-tests--with-log before
      (setq-local org-adapt-indentation t)
      (explog-write-tests--press "M-x explog-note RET")
      (should (equal (explog-write-tests--text) (concat before "   - STAMP ◊\n"))))))

;;;; Notes on steps

(ert-deftest explog-write-test-note-on-step ()
  "On a step, a note is put beneath it, and is no step itself."
  (explog-write-tests--table
   "M-x explog-note RET"
   '(("** Experiments [1/2]\n1. [X] a◊ (83d45cd)\n2. [ ] b\n"
      "** Experiments [1/2]\n1. [X] a (83d45cd)\n   - STAMP ◊\n2. [ ] b\n")
     ("** Experiments\n1. [ ] a\n2. [ ] b◊" "** Experiments\n1. [ ] a\n2. [ ] b\n   - STAMP ◊")
     ;; A step that goes on over lines, with other text, and notes.
     ("** Experiments\n 10) [ ] a\n    b ◊(83d45cd)\n\n    c\n\n 11) [ ] d\n"
      "** Experiments\n 10) [ ] a\n    b (83d45cd)\n\n    c\n     - STAMP ◊\n\n 11) [ ] d\n")
     ("** Experiments\n1. [ ] a\n   + x◊\n     y\n2. [ ] b\n"
      "** Experiments\n1. [ ] a\n   + x\n     y\n   + STAMP ◊\n2. [ ] b\n")
     ("** Experiments\n1. [ ] a◊\n   #+begin_src\n   - x\n   #+end_src\n2. [ ] b\n"
      "** Experiments\n1. [ ] a\n   #+begin_src\n   - x\n   #+end_src\n   - STAMP ◊\n2. [ ] b\n")
     ;; Sub-steps: on the one, and on the one above them.
     ("** Experiments\n1. [ ] a\n   1. [ ] b◊\n   2. [ ] c\n2. [ ] d\n"
      "** Experiments\n1. [ ] a\n   1. [ ] b\n      - STAMP ◊\n   2. [ ] c\n2. [ ] d\n")
     ("** Experiments\n1. [ ] a◊\n   1. [ ] b\n   2. [ ] c\n2. [ ] d\n"
      "** Experiments\n1. [ ] a\n   1. [ ] b\n   2. [ ] c\n   Notes:\n   - STAMP ◊\n2. [ ] d\n")
     ("** Experiments\n1. [ ] a◊\n  - [ ] b\n2. [ ] d\n"
      "** Experiments\n1. [ ] a\n  - [ ] b\n  Notes:\n  - STAMP ◊\n2. [ ] d\n")
     ("** Experiments\n1. [ ] a\n   1. [ ] b\n   Notes:◊\n   - x\n2. [ ] d\n"
      "** Experiments\n1. [ ] a\n   1. [ ] b\n   Notes:\n   - x\n   - STAMP ◊\n2. [ ] d\n")
     ;; Tabs.
     ("** Experiments\n\t1. [ ] a◊\n\t2. [ ] b\n"
      "** Experiments\n\t1. [ ] a\n\t   - STAMP ◊\n\t2. [ ] b\n")
     ("** Experiments\n1. [ ] a\n\t1. [ ] b◊\n\t   - x\n"
      "** Experiments\n1. [ ] a\n\t1. [ ] b\n\t   - x\n\t   - STAMP ◊\n")
     ;; A counter, and a heading with a name of its own.
     ("** What we try\n5. [@5] [ ] a◊\n6. [ ] b\n"
      "** What we try\n5. [@5] [ ] a\n   - STAMP ◊\n6. [ ] b\n"))))

(defun explog-write-tests--steps ()
  "Return the numbers and first lines of the steps of experiment 201."
  (save-excursion
    (save-restriction
      (widen)
      (goto-char (explog-log-find "201"))
      (mapcar (pcase-lambda (`(,number ,start ,_))
                (goto-char start)
                (list number (buffer-substring-no-properties start (line-end-position))))
              (explog-steps)))))

(ert-deftest explog-write-test-note-is-no-step ()
  "After a note, org's own commands leave the steps what they are."
  (dolist (list '("1. [ ] a◊\n   1. [ ] b\n   2. [ ] c\n2. [ ] d\n" "1. [ ] a◊ (83d45cd)\n2. [ ] d\n"
                  "1. [ ] a\n   1. [ ] b\n   2. [ ] c◊\n2. [ ] d\n"))
    (explog-write-tests--with-log
        (concat explog-write-tests--head "** Experiments [/]\n" list)
      (let ((steps (explog-write-tests--steps)))
        (explog-write-tests--press "M-x explog-note RET")
        (insert "x\n  y")
        (explog-write-tests--press "M-x explog-note RET")
        (explog-test-goto "1. [ ] a")
        (org-list-repair)
        (should (equal steps (explog-write-tests--steps)))))))

;;;; Narrowing, folds, other forms of files

(ert-deftest explog-write-test-note-narrowed ()
  "A note goes on where the buffer is narrowed, or is written in a draft."
  (explog-write-tests--with-log
      (concat explog-write-tests--head "** Notes\n- a\n** Experiments\n1. [ ] b◊\n** Conclusions\n")
    (org-narrow-to-subtree)
    (let ((narrowed (buffer-string)))
      (explog-write-tests--press "M-x explog-note RET")
      (should (equal (explog-write-tests--stamped (buffer-string))
                     (concat narrowed "\n   - STAMP ")))
      (undo-boundary)
      (undo)
      (goto-char (point-min))
      (explog-write-tests--press "M-x explog-note RET")
      (should (string-prefix-p "*explog note on e201*" (buffer-name)))
      (should-not (buffer-modified-p (get-file-buffer file)))
      (insert "x")
      (explog-write-tests--press "C-c C-c")
      (should (equal (buffer-string) narrowed))
      (should (string-search "- a\n- STAMP x\n" (explog-write-tests--text)))
      (should-not (buffer-modified-p)))))

(ert-deftest explog-write-test-note-folded ()
  "What is folded stays so, but for where point goes."
  (explog-write-tests--with-log
      (concat explog-write-tests--head
              "** Notes\n- a\n** Experiments\n1. [ ] b\n* [202] c :exp:\n- d\n** Notes\n- e\n")
    (org-overview)
    (goto-char (point-min))
    (explog-write-tests--press "M-x explog-note RET")
    (should-not (org-invisible-p))
    (dolist (text '("1. [ ] b" "- d" "- e"))
      (explog-test-goto text)
      (should (org-invisible-p)))))

(ert-deftest explog-write-test-away-folded ()
  "What is written from elsewhere into a fold is hidden."
  (dolist (about '(("201") ("201" . "1") ("202")))
    (explog-write-tests--with-log
        (concat explog-write-tests--head
                "** Notes\n- a\n** Experiments\n1. [ ] b\n* [202] c :exp:\n- d\n** Notes\n- e")
      (org-overview)
      (explog-write-away (current-buffer) (car about)
                         (lambda () (explog-note--put about "One\nTwo")) "note")
      (dolist (text '("One" "Two" "- a" "1. [ ] b" "- d" "- e"))
        (explog-test-goto text)
        (should (org-invisible-p))))))

(ert-deftest explog-write-test-forms ()
  "Line ends, byte order marks and encodings stay."
  (pcase-dolist (`(,coding ,end) '((utf-8-dos "\n") (utf-8-with-signature-dos "\n")
                                   (latin-1-unix "") (utf-8-unix "")))
    (let* ((head "* [201] Über ABC :exp:\n** Notes\n- a")
           (text (concat head end)))
      (explog-test-in-folder
        (let ((file (explog-test-write "log.org" text coding)) (inhibit-message t))
          (explog-write-away (car (explog-write-visit "201")) "201"
                             (lambda () (explog-note--put '("201") "x\n\n\ny")) "note")
          (should (equal (explog-test-bytes file)
                         (encode-coding-string (concat head "\n- x\n\n  y" end) coding))))))))

(ert-deftest explog-write-test-mixed-ends ()
  "In a file with both kinds of line ends, a new line is as the one before."
  (explog-test-in-folder
    (let ((file (explog-test-write "log.org" "* [201] a :exp:\n** Notes\n- a\r\n" 'no-conversion))
          (inhibit-message t))
      (explog-write-away (car (explog-write-visit "201")) "201"
                         (lambda () (explog-note--put '("201") "x")) "note")
      (should (equal (explog-test-bytes file) "* [201] a :exp:\n** Notes\n- a\r\n- x\r\n")))))

;;;; Drafts

(defmacro explog-write-tests--from-text (log text &rest body)
  "Do BODY in a buffer with TEXT, point being at ◊, with a LOG that nobody visits.
The variable `file' is the name of the log."
  (declare (indent 2) (debug t))
  `(explog-test-in-folder
     (let ((file (explog-test-write "log.org" ,log)) (text ,text) (inhibit-message t))
       (ignore file)
       (save-window-excursion
         (with-temp-buffer
           (insert (string-replace "◊" "" text))
           (goto-char (1+ (or (string-search "◊" text) 0)))
           (set-window-buffer nil (current-buffer))
           ,@body)))))

(ert-deftest explog-write-test-draft ()
  "From a reference, a note is written in a draft, and the log is saved."
  (explog-write-tests--from-text explog-test-log "See [e20◊1.2]."
    (let ((here (current-buffer)) (windows (window-list)))
      (explog-write-tests--press "M-x explog-note RET")
      (should (equal (buffer-name) "*explog note on e201.2*"))
      (should (equal (explog-write-tests--text) "STAMP ◊"))
      (should (equal (explog-test-bytes file) explog-test-log))
      (insert "One\n\n\n\n* two\n  1. [ ] three\n\n")
      (explog-write-tests--press "C-c C-c")
      (should (eq here (current-buffer)))
      (should (equal windows (window-list)))
      (should-not (seq-find (lambda (buffer) (string-prefix-p "*explog note" (buffer-name buffer)))
                            (buffer-list)))
      (should (equal (explog-write-tests--stamped
                      (decode-coding-string (explog-test-bytes file) 'utf-8))
                     (string-replace
                      "2. [ ] Test XYZ with ABC\n"
                      (concat "2. [ ] Test XYZ with ABC\n   - STAMP One\n\n"
                              "     * two\n       1. [ ] three\n")
                      explog-test-log)))
      (with-current-buffer (get-file-buffer file)
        (undo)
        (should (equal (buffer-string) explog-test-log))))))

(ert-deftest explog-write-test-draft-cancelled ()
  "A draft that is forgotten leaves nothing, not even a buffer."
  (explog-write-tests--from-text explog-test-log "See [e20◊1]."
    (let ((here (current-buffer)))
      (explog-write-tests--press "M-x explog-note RET")
      (insert "One")
      (explog-write-tests--press "C-c C-k")
      (should (eq here (current-buffer)))
      (should (equal (explog-test-bytes file) explog-test-log))
      (should-not (get-file-buffer file)))))

(ert-deftest explog-write-test-draft-killed ()
  "A draft is not killed by mistake with what was written in it."
  (explog-write-tests--from-text explog-test-log "See [e20◊1]."
    (explog-write-tests--press "M-x explog-note RET")
    (should buffer-offer-save)
    (let ((draft (current-buffer)) (answer t) (asked 0))
      (cl-letf (((symbol-function 'yes-or-no-p)
                 (lambda (_) (setq asked (1+ asked)) answer)))
        (should (run-hook-with-args-until-failure 'kill-buffer-query-functions))
        (should (zerop asked))
        (insert "One")
        (setq answer nil)
        (should-not (kill-buffer draft))
        (should (= 1 asked))
        (setq answer t)
        (should (kill-buffer draft))
        (should (= 2 asked))))))

(ert-deftest explog-write-test-draft-empty ()
  "A draft in which nothing was written is not put into the log."
  (explog-write-tests--from-text explog-test-log "See [e20◊1]."
    (explog-write-tests--press "M-x explog-note RET")
    (should-error (explog-draft-finish) :type 'user-error)
    (should (equal (buffer-name) "*explog note on e201*"))
    (explog-write-tests--press "C-c C-k")))

(ert-deftest explog-write-test-draft-not-saved ()
  "A log with changes of the user's is not saved, nor is it forgotten."
  (explog-write-tests--from-text explog-test-log "See [e20◊1]."
    (with-current-buffer (find-file-noselect file)
      (goto-char (point-max))
      (insert "- mine\n"))
    (explog-write-tests--press "M-x explog-note RET")
    (insert "One")
    (explog-write-tests--press "C-c C-c")
    (should (equal (explog-test-bytes file) explog-test-log))
    (with-current-buffer (get-file-buffer file)
      (should (buffer-modified-p))
      (should (string-search "** Notes\n- STAMP One\n" (explog-write-tests--text)))
      (should (string-suffix-p "- mine\n" (buffer-string))))))

(ert-deftest explog-write-test-draft-meanwhile ()
  "What changed in the log since the draft was begun stays; what cannot be written is kept."
  (explog-write-tests--from-text explog-test-log "See [e20◊1.2]."
    (explog-write-tests--press "M-x explog-note RET")
    (insert "One")
    (with-current-buffer (get-file-buffer file)
      (explog-test-edit "201" '(1 "abc1234"))
      (goto-char (point-min))
      (search-forward "2. [ ]")
      (replace-match "7. [ ]")
      (save-buffer))
    (should-error (explog-draft-finish) :type 'user-error)
    (should (equal (explog-write-tests--text) "STAMP One◊"))
    (with-current-buffer (get-file-buffer file)
      (should-not (buffer-modified-p))
      (undo-boundary)
      (undo)
      (save-buffer)
      (kill-buffer))
    (explog-draft-finish)
    (should (string-search "with ABC\n   - [2" (explog-test-bytes file)))))

;;;; Bad input

(defun explog-write-tests--refused (function)
  "Call FUNCTION and return what its `user-error' says."
  (condition-case err
      (progn (funcall function) nil)
    (user-error (cadr err))))

(ert-deftest explog-write-test-refused ()
  "What must not be written is not, and says why."
  (dolist (command '(explog-note explog-add-step explog-conclude))
    (explog-write-tests--with-log "* [201] a◊ :exp:\n<<<<<<< mine\n- b\n=======\n- c\n>>>>>>> theirs\n"
      (should (string-match-p "Line 2 is left from a merge"
                              (explog-write-tests--refused command))))
    (explog-write-tests--with-log "* [201] a◊ :exp:\n* [201] b :exp:\n"
      (should (string-match-p "twice, in lines 1 and 2" (explog-write-tests--refused command))))
    (explog-write-tests--with-log "* [201] a◊ :exp:\n"
      (setq buffer-read-only t)
      (should (string-match-p "read-only" (explog-write-tests--refused command))))
    (explog-write-tests--with-log "* [201] a◊ :exp:\n"
      (write-region "* [201] a :exp:\n- b\n" nil file nil 'silent)
      (set-file-times file (time-add nil 10))
      (should (string-match-p "changed on disk" (explog-write-tests--refused command)))
      (should (equal (buffer-string) "* [201] a :exp:\n")))
    (explog-write-tests--from-text "* [201] a :exp:\n" "[e9◊]"
      (should (string-match-p "No log has experiment 9" (explog-write-tests--refused command)))
      (should-not (get-file-buffer file))))
  (explog-write-tests--from-text "* [201] a :exp:\n" "[e201.9◊]"
    (should (string-match-p "no step 9" (explog-write-tests--refused #'explog-note)))))

(ert-deftest explog-write-test-underlined ()
  "A title underlined with equal signs is no conflict."
  (explog-write-tests--check "* [201] a :exp:\nResults\n=======\n- b◊\n"
                             "* [201] a :exp:\nResults\n=======\n- b\n\n** Notes\n- STAMP ◊\n"
                             "M-x explog-note RET"))

(ert-deftest explog-write-test-archive ()
  "An experiment in the archive of a log can be written as well."
  (explog-write-tests--from-text explog-test-log "[e7◊]"
    (let ((archive (explog-test-write "log.org_archive" "#    -*- mode: org -*-\n* [7] a :exp:\n** Notes\n")))
      (explog-write-tests--press "M-x explog-note RET")
      (insert "One")
      (explog-write-tests--press "C-c C-c")
      (should (string-suffix-p "** Notes\n- STAMP One\n"
                               (explog-write-tests--stamped (explog-test-bytes archive)))))))

(ert-deftest explog-write-test-indirect ()
  "In a buffer with a part of a log, a note is begun there."
  (explog-write-tests--with-log
      (concat explog-write-tests--head "** Experiments\n1. [ ] b◊\n* [202] c :exp:\n")
    (let ((indirect (make-indirect-buffer (current-buffer) "part" t)))
      (unwind-protect
          (with-current-buffer indirect
            (set-window-buffer nil indirect)
            (org-narrow-to-subtree)
            (explog-write-tests--press "M-x explog-note RET")
            (should (eq indirect (current-buffer)))
            (should (equal (explog-write-tests--stamped (buffer-string))
                           "** Experiments\n1. [ ] b\n   - STAMP ")))
        (kill-buffer indirect)))))

(ert-deftest explog-write-test-references ()
  "The references in a message are those of its subject, else all."
  (pcase-dolist (`(,message . ,names)
                 '(("[e201.1] Results\n\nFor [e201]." "e201.1")
                   ("[e201.1] [e7] x [e201.01]" "e201.1" "e7")
                   ("\nx weights[e2] https://x/[e3]\n\n[e4]\n- [e5.1.2]" "e4" "e5.1.2")
                   ("x" . nil) ("" . nil)))
    (should (equal (mapcar #'explog-write-about-name (explog-ref-in-message message)) names))))

(ert-deftest explog-write-test-vc-message ()
  "In the message of a commit by vc, it is about what that refers to."
  (with-temp-buffer
    (log-edit-mode)
    (insert "Summary: [e201.2] Train\n\nFor [e202].")
    (should (equal (explog-write-about--meant) '(("201" . "2"))))))

;;;; Steps

(ert-deftest explog-write-test-steps-refused ()
  "Where a list is such that steps would change, nothing is written."
  (let ((text (concat explog-write-tests--head "** Experiments\n2. [X] b◊ (83d45cd)\n"
                      "   * f\n    #+begin_src\n  * f\n")))
    (explog-write-tests--with-log text
      (should (string-match-p "steps would change; nothing was written"
                              (explog-test-messages
                                (explog-write-tests--press "C-u M-x explog-add-step RET" "x"))))
      (should (equal (explog-write-tests--text) text))
      (should-not (buffer-modified-p)))))

(ert-deftest explog-write-test-step ()
  "A step is put at the end, with the number and the form of those before it."
  (explog-write-tests--table
   "M-x explog-add-step RET"
   '(("** TODO Experiments [1/2]\n1. [X] a (83d45cd)\n2. [ ] b◊\n\n** TODO Conclusions\n"
      "** TODO Experiments [1/3]\n1. [X] a (83d45cd)\n2. [ ] b\n3. [ ] New◊\n\n** TODO Conclusions\n")
     ("** TODO Experiments [50%]\n1) [X] a◊\n   - x\n9) [ ] b\n   - y"
      "** TODO Experiments [33%]\n1) [X] a\n   - x\n9) [ ] b\n   - y\n10) [ ] New◊")
     ("** Experiments◊\n5. [@5] [ ] a\n6. [ ] b\n"
      "** Experiments\n5. [@5] [ ] a\n6. [ ] b\n7. [ ] New◊\n")
     ("** Experiments◊\n1. [@5] [ ] a\n2. [ ] b\n"
      "** Experiments\n1. [@5] [ ] a\n2. [ ] b\n3. [ ] New◊\n")
     ("** Experiments◊\n7. [ ] a\n2. [ ] b\n" "** Experiments\n7. [ ] a\n2. [ ] b\n8. [ ] New◊\n")
     ("** Experiments◊\n\t1.  [ ] a\n\n\t2.  [ ] b\n\n"
      "** Experiments\n\t1.  [ ] a\n\n\t2.  [ ] b\n\n\t3. [ ] New◊\n\n")
     ("** Experiments◊\n1. a\n" "** Experiments\n1. a\n2. New◊\n")
     ("** What we try◊\n1. [ ] a\n   1. [ ] b\n"
      "** What we try\n1. [ ] a\n   1. [ ] b\n2. [ ] New◊\n")
     ;; No list, or none of the kind.
     ("** TODO Experiments [/]◊\n\n** TODO Conclusions\n"
      "** TODO Experiments [0/1]\n1. [ ] New◊\n\n** TODO Conclusions\n")
     ("** TODO Experiments [/]\ntext◊\n" "** TODO Experiments [0/1]\ntext\n1. [ ] New◊\n")
     ("** TODO Experiments [/]\n- a◊\n" "** TODO Experiments [0/1]\n- a\n\n\n1. [ ] New◊\n")
     ;; No heading.
     ("- a◊\n\n** Notes\n\n** TODO Conclusions\n"
      "- a\n\n** Notes\n\n** TODO Experiments [0/1]\n1. [ ] New◊\n\n** TODO Conclusions\n")
     ("- a◊\n" "- a\n\n** TODO Experiments [0/1]\n1. [ ] New◊\n")
     ("- a◊\n** [202] b :exp:\n1. [ ] c\n"
      "- a\n** TODO Experiments [0/1]\n1. [ ] New◊\n** [202] b :exp:\n1. [ ] c\n"))
   "New"))

(ert-deftest explog-write-test-step-nested ()
  "With a prefix argument a step is put beneath the one at point."
  (explog-write-tests--table
   "C-u M-x explog-add-step RET"
   '(("** Experiments [0/2]\n1. [ ] a◊\n2. [ ] b\n"
      "** Experiments [0/2]\n1. [ ] a\n   1. [ ] New◊\n2. [ ] b\n")
     ("** Experiments [0/2]\n1. [ ] a [0/1]◊\n   1. [ ] c\n      - d\n   e\n2. [ ] b\n"
      "** Experiments [0/2]\n1. [ ] a [0/2]\n   1. [ ] c\n      - d\n   2. [ ] New◊\n   e\n2. [ ] b\n")
     ("** Experiments\n1. [ ] a\n   1. [ ] c◊\n"
      "** Experiments\n1. [ ] a\n   1. [ ] c\n      1. [ ] New◊\n")
     ("** Experiments\n1. [ ] a◊\n   - note\n2. [ ] b\n"
      "** Experiments\n1. [ ] a\n   - note\n   Steps:\n   1. [ ] New◊\n2. [ ] b\n"))
   "New"))

(ert-deftest explog-write-test-step-literal ()
  "A title is taken as it is, as one line."
  (dolist (title '("[e7] again" "2. [ ] b" "[@9] c" "- d :: e" "* f" "[X] g" "%d \\1"))
    (explog-write-tests--check
     (concat explog-write-tests--head "** Experiments◊\n1. [ ] a\n")
     (concat explog-write-tests--head "** Experiments\n1. [ ] a\n2. [ ] " title "◊\n")
     "M-x explog-add-step RET" title)))

(ert-deftest explog-write-test-step-untitled ()
  "In the log a title may be left to be written; elsewhere it may not."
  (explog-write-tests--check (concat explog-write-tests--head "** Experiments◊\n1. [ ] a\n")
                             (concat explog-write-tests--head "** Experiments\n1. [ ] a\n2. [ ] ◊\n")
                             "M-x explog-add-step RET" "")
  (explog-write-tests--from-text explog-test-log "[e201◊]"
    (should-error (explog-write-tests--press "M-x explog-add-step RET" "") :type 'user-error)
    (should (equal (explog-test-bytes file) explog-test-log))))

(ert-deftest explog-write-test-step-away ()
  "From elsewhere, a step is put into the log, which is saved."
  (explog-write-tests--from-text explog-test-log "[e201◊]"
    (explog-write-tests--press "M-x explog-add-step RET" "Both")
    (should (equal (explog-test-bytes file)
                   (encode-coding-string
                    (thread-last explog-test-log
                                 (string-replace "[0/2]" "[0/3]")
                                 (string-replace "2. [ ] Test XYZ with ABC\n"
                                                 "2. [ ] Test XYZ with ABC\n3. [ ] Both\n"))
                    'utf-8)))))

;;;; Anything

(defun explog-write-tests--random-entry ()
  "Return some text beneath the heading of an experiment."
  (let ((lines '("1. [ ] a" "2. [X] b (83d45cd)" "3) c" "- d" "+ [ ] e" "* f" "text" "" ""
                 "[e7] - g" ":LOGBOOK:" ":END:" "#+begin_src" "#+end_src" "| h |" "# i" "5. [@5] [ ] j"
                 "1. " "-" "\\begin{x}" "#+attr: k"))
        (headings '("** Notes" "** TODO Experiments [1/2]" "** TODO Conclusions" "*** x" "** y :z:"
                    "** [9] k :exp:"))
        (indents '("" "" "" "  " "   " "    " "\t")))
    (mapconcat
     (lambda (_)
       (if (zerop (random 6))
           (seq-random-elt headings)
         (let ((line (seq-random-elt lines)))
           (if (string-empty-p line) line
             (replace-regexp-in-string "^\\* f" " * f"
                                       (concat (seq-random-elt indents) line))))))
     (number-sequence 0 (random 18)) "\n")))

(defun explog-write-tests--taken-out (before after end)
  "Return AFTER without what was put into BEFORE up to END, whole lines all."
  (let* ((tail (substring after end))
         (start (- (length before) (length tail))))
    (should (>= start 0))
    (should (string-match-p "\\`\n\\(?:.*\n\\)*.*ibar\\'" (substring after start end)))
    (concat (substring after 0 start) tail)))

(ert-deftest explog-write-test-any-entry ()
  "Whatever an entry looks like, a note only adds lines, and is no step."
  (random "explog")
  (dotimes (_ 150)
    (let ((entry (explog-write-tests--random-entry)))
      (explog-write-tests--with-log (concat explog-write-tests--head entry)
        (let* ((before (buffer-string))
               (steps (explog-write-tests--steps))
               (step (car (seq-random-elt (cons nil steps))))
               (about (cons "201" step)))
          (ert-info ((format "%S %S" step before))
            (explog-write-away (current-buffer) "201"
                               (lambda () (explog-note--put about "zanz\n* ibar")) "note")
            (let ((after (buffer-string)))
              (should (equal before (explog-write-tests--taken-out
                                     before after (+ 4 (string-search "ibar" after)))))
              (should (equal steps (explog-write-tests--steps)))
              (undo-boundary)
              (undo)
              (should (equal (buffer-string) before)))))))))

(defun explog-write-tests--uncounted (text)
  "Return TEXT without what org counts, and as org aligns tags."
  (replace-regexp-in-string
   " +\\(:[a-z]+:\\)$" " \\1"
   (replace-regexp-in-string "\\[[0-9]*\\(?:/[0-9]*\\|%\\)\\]" "[/]" text)))

(ert-deftest explog-write-test-any-steps ()
  "Whatever an entry looks like, a new step is the next, and others stay what they are.
Where a reader would see other numbers then, nothing is written; that is rare."
  (random "explog")
  (let ((refused 0))
    (dotimes (_ 150)
      (let ((entry (explog-write-tests--random-entry)))
        (explog-write-tests--with-log (concat explog-write-tests--head entry)
          (let* ((before (buffer-string))
                 (steps (explog-write-tests--steps))
                 (parent (car (seq-random-elt (cons nil steps))))
                 (number (explog-write-at (current-buffer) "201"
                                          (lambda () (explog-step--next "201" parent)))))
            (ert-info ((format "%S %S" number before))
              (condition-case nil
                  (progn
                    (explog-write-away (current-buffer) "201"
                                       (lambda () (explog-step--put parent "zanzibar" number))
                                       "step")
                    (explog-write-tests--check-step number before steps)
                    (undo-boundary)
                    (undo))
                (user-error (setq refused (1+ refused))))
              (should (equal (buffer-string) before)))))))
    (should (< refused 5))))

(defun explog-write-tests--check-step (number before steps)
  "Check that step NUMBER was added to BEFORE, the text with STEPS, and nothing else."
  (let* ((after (explog-write-tests--uncounted
                 (string-replace "zanzibar" "zanz ibar" (buffer-string))))
         (new (explog-write-tests--steps))
         (mine (assoc number new)))
    (should mine)
    (should (string-suffix-p "zanzibar" (cadr mine)))
    (should (equal (explog-write-tests--uncounted (prin1-to-string steps))
                   (explog-write-tests--uncounted (prin1-to-string (remove mine new)))))
    (should (equal (explog-write-tests--uncounted before)
                   (explog-write-tests--taken-out
                    (explog-write-tests--uncounted before) after
                    (+ 4 (string-search "ibar" after)))))))

;;;; Conclusions

(defmacro explog-write-tests--with-org (keywords done &rest body)
  "Do BODY with KEYWORDS of org, and DONE the value of `org-log-done'."
  (declare (indent 2) (debug t))
  `(let ((org-todo-keywords ,keywords)
         (org-log-done ,done)
         (org-log-into-drawer nil)
         (org-auto-align-tags nil)
         (org-tags-column 0))
     ,@body))

(ert-deftest explog-write-test-conclude ()
  "What came out is written, and the states are set."
  (explog-write-tests--with-org '((sequence "TODO" "|" "DONE")) nil
    (pcase-dolist
        (`(,before ,after)
         '(("** TODO Experiments [1/1]◊\n1. [X] a\n\n** TODO Conclusions\n"
            "[100%] :exp:\n** DONE Experiments [1/1]\n1. [X] a\n\n** DONE Conclusions\n- It works◊\n")
           ("** TODO Experiments [1/2]◊\n1. [X] a\n2. [ ] b\n\n** TODO Conclusions\n- c\n\n"
            "[50%] :exp:\n** TODO Experiments [1/2]\n1. [X] a\n2. [ ] b\n\n** DONE Conclusions\n- c\n- It works◊\n\n")
           ("** Experiments◊\n1. [ ] a\n"
            "[100%] :exp:\n** Experiments\n1. [ ] a\n** DONE Conclusions\n- It works◊\n")
           ("◊" "[100%] :exp:\n\n** DONE Conclusions\n- It works◊\n")
           ("** Conclusions◊\nmore\n" "[0%] :exp:\n** Conclusions\nmore\n- It works◊\n")))
      (explog-write-tests--check (concat explog-write-tests--head before)
                                 (concat "* DONE [201] ABC " after)
                                 "M-x explog-conclude RET" "It works"))))

(ert-deftest explog-write-test-conclude-says ()
  "Steps that are open are named; nothing else stands in the way."
  (explog-write-tests--with-org '((sequence "TODO" "|" "DONE")) nil
    (explog-write-tests--with-log
        (concat explog-write-tests--head
                "** Experiments◊\n1. [X] a\n2. [ ] Try b (83d45cd)\n   1. [-] c\n3. [x] d\n4. e\n")
      (should (string-match-p
               "explog: 201 is DONE; still open: 2 Try b, 2\\.1 c$"
               (explog-test-messages
                 (explog-write-tests--press "M-x explog-conclude RET" "Yes")))))))

(ert-deftest explog-write-test-conclude-state ()
  "Where several states mean that it is done, one is asked for; a log may have its own."
  (explog-write-tests--with-org '((sequence "TODO" "|" "DONE")) nil
    (explog-write-tests--with-log
        "#+TODO: OPEN RUN | DROPPED(d!) DONE(c@)\n* RUN [201] a◊ :exp:\n** OPEN Experiments\n"
      (explog-write-tests--press "M-x explog-conclude RET" "DROPPED" "No")
      (should (string-match-p
               (concat "\n\\* DROPPED \\[201\\] a :exp:\n- State \"DROPPED\" +from \"RUN\" +\\[.*\\]\n"
                       "\\*\\* DROPPED Experiments\n- State .*\n\\*\\* DROPPED Conclusions\n"
                       "\\(?:- State .*\n\\)?- No\\'")
               (string-trim (buffer-string))))
      (should (looking-back "^- No" (line-beginning-position))))
    ;; What is done stays so.
    (explog-write-tests--check "* DONE [201] a◊ :exp:\n** Conclusions\n"
                               "* DONE [201] a :exp:\n** Conclusions\n- No◊\n"
                               "M-x explog-conclude RET" "No")))

(ert-deftest explog-write-test-conclude-hooks ()
  "The hooks of org run for each change, and are told of it."
  (explog-write-tests--with-org '((sequence "TODO" "|" "DONE")) 'time
    (explog-write-tests--with-log
        (concat explog-write-tests--head "** TODO Experiments◊\n** TODO Conclusions\n")
      (let* (seen
             (org-after-todo-state-change-hook
              (list (lambda () (push (list (org-get-heading t t t t) org-state) seen)))))
        (explog-write-tests--press "M-x explog-conclude RET" "Yes")
        (should (equal (nreverse seen) '(("Conclusions" "DONE") ("Experiments" "DONE")
                                         ("[201] ABC [100%]" "DONE")))))
      (goto-char (point-min))
      (should (= 3 (how-many "^ *CLOSED: \\["))))))

(ert-deftest explog-write-test-conclude-region ()
  "With a region over several headings, no other one is changed."
  (explog-write-tests--with-org '((sequence "TODO" "|" "DONE")) nil
    (explog-write-tests--with-log
        (concat explog-write-tests--head "** Conclusions◊\n* TODO [202] b :exp:\n")
      (let ((transient-mark-mode t) (org-loop-over-headlines-in-active-region t))
        (push-mark (point-max) t t)
        (explog-write-tests--press "M-x explog-conclude RET" "Yes"))
      (goto-char (point-min))
      (should (= 1 (how-many "DONE"))))))

(ert-deftest explog-write-test-conclude-blocked ()
  "Where org does not let it be done, the conclusion is there, and why is said."
  (explog-write-tests--with-org '((sequence "TODO" "|" "DONE")) nil
    (explog-write-tests--with-log
        (concat explog-write-tests--head "** TODO Experiments◊\n1. [ ] a\n** Conclusions\n")
      (let ((org-enforce-todo-dependencies t)
            (org-blocker-hook '(org-block-todo-from-children-or-siblings-or-parent)))
        (should (string-match-p
                 "201 is TODO, as org has it; still open: 1 a$"
                 (explog-test-messages
                   (explog-write-tests--press "M-x explog-conclude RET" "Yes")))))
      (should (string-suffix-p "** Conclusions\n- Yes\n" (buffer-string))))))

(ert-deftest explog-write-test-conclude-away ()
  "From elsewhere, the log is saved, and the state logged."
  (explog-write-tests--with-org nil 'time
    (explog-write-tests--from-text explog-test-log "[e201◊]"
      (explog-write-tests--press "M-x explog-conclude RET" "")
      (should (equal (buffer-name) "*explog conclusion of e201*"))
      (insert "It works.\n\nSee [e202].")
      (explog-write-tests--press "C-c C-c")
      (let ((text (decode-coding-string (explog-test-bytes file) 'utf-8)))
        (should (string-match-p "^\\* DONE \\[201\\].*\n *CLOSED: \\[" text))
        (should (string-match-p "^\\*\\* TODO Experiments \\[0/2\\]$" text))
        (should (string-match-p "^\\*\\* DONE Conclusions\n *CLOSED: .*\n- It works\\.\n\n  See \\[e202\\]\\.\n\n\\* DONE"
                                text)))
      (with-current-buffer (get-file-buffer file)
        (undo)
        (should (equal (buffer-string) explog-test-log))))))

(provide 'explog-write-tests)
;;; explog-write-tests.el ends here
