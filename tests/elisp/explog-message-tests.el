;;; explog-message-tests.el --- Tests of commit messages  -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: GPL-3.0-or-later

;;; Commentary:

;; What is completed, what is marked, and what is put in front of the
;; subject.  What is known of experiments is put where the server's
;; answers are kept.

;;; Code:

(require 'cl-lib)
(require 'ert)
(require 'explog-test)
(require 'explog-cache)
(require 'explog-message)
(require 'git-commit nil t)
(require 'log-edit)

(defvar git-commit-mode)
(defvar git-commit-mode-map)
(defvar vc-git-log-edit-mode-map)

;;;; Helpers

(defconst explog-message-tests--rows
  '((:ident "7" :title "Old" :todo "DONE" :done t
     :steps ((:number "1" :box "X" :text "gone")))
    (:ident "201" :title "ABC in \\[XYZ]" :todo "INPROGRESS"
     :steps ((:number "1" :box "X" :text "Test without" :hash "83d45cd")
             (:number "2" :box " " :text "Test with")
             (:number "2.1" :box " " :text "again")))
    (:ident "202" :title "Deeper" :todo "TODO"
     :steps ((:number "1" :box " " :text "Train")))
    (:ident "203" :title "Wider" :todo "INPROGRESS"
     :steps ((:number "1" :box "-" :text "Sweep")))
    (:ident "31" :title "Not begun" :todo "TODO"))
  "What experiments have, as for `explog-test-experiment'.")

(defconst explog-message-tests--touched
  '(("7" . 900) ("201" . 50) ("202" . 100) ("203" . 80))
  "When experiments were touched, by id.")

(defconst explog-message-tests--experiments
  (mapcar (lambda (row) (apply #'explog-test-experiment row))
          explog-message-tests--rows)
  "Experiments as they are known, in the order of their log.")

(defmacro explog-message-tests--knowing (experiments &rest body)
  "Do BODY while EXPERIMENTS are all that there is, and known.
What is asked for meanwhile is pushed to the variable `asked'."
  (declare (indent 1) (debug t))
  `(let ((explog-cache--young (make-hash-table :test #'equal))
         (explog-cache--old (make-hash-table :test #'equal))
         (explog-cache--all (mapcar #'explog-message-tests--summary ,experiments))
         (explog-message-complete--kept nil)
         (explog-message-complete--offered nil)
         (asked nil))
     (ignore asked)
     (dolist (experiment ,experiments)
       (explog-message-tests--know (explog-cache-experiment-ident experiment) experiment))
     (cl-letf (((symbol-function 'explog-cache--want) (lambda (id) (push id asked))))
       ,@body)))

(defun explog-message-tests--know (id value)
  "Let VALUE be known of experiment ID."
  (puthash id (cons explog-cache--tick value) explog-cache--young))

(defun explog-message-tests--summary (experiment)
  "Return the summary of EXPERIMENT."
  (let ((id (explog-cache-experiment-ident experiment))
        (steps (explog-cache-experiment-steps experiment)))
    (make-explog-cache-summary
     :ident id
     :title (explog-cache-experiment-title experiment)
     :todo (explog-cache-experiment-todo experiment)
     :done (explog-cache-experiment-done experiment)
     :steps (length steps)
     :ticked (seq-count #'explog-message-complete--ticked-p steps)
     :touched (cdr (assoc id explog-message-tests--touched)))))

(defmacro explog-message-tests--message (text &rest body)
  "Do BODY in a buffer with TEXT, the message of a commit in git.
Point is where TEXT has a `|', or at its beginning."
  (declare (indent 1) (debug t))
  `(with-temp-buffer
     (setq-local git-commit-mode t)
     (setq-local comment-start "#")
     (insert ,text)
     (goto-char (point-min))
     (if (search-forward "|" nil t)
         (delete-char -1)
       (goto-char (point-min)))
     ,@body))

(defun explog-message-tests--text ()
  "Return the text of this buffer with a `|' where point is."
  (concat (buffer-substring-no-properties (point-min) (point)) "|"
          (buffer-substring-no-properties (point) (point-max))))

;;;; Completion

(defun explog-message-tests--offered (text)
  "Return what is offered in a message with TEXT, point being at the `|'."
  (explog-message-tests--message text
    (pcase (explog-message-complete)
      (`(,start ,end ,table . ,_)
       (let* ((typed (buffer-substring start end))
              (all (completion-all-completions typed table nil (- (point) start))))
         (when (consp all)
           (setcdr (last all) nil))
         (mapcar #'substring-no-properties all))))))

(ert-deftest explog-message-test-offered ()
  "Those in progress come first, with open steps; then by when they were touched."
  (explog-message-tests--knowing explog-message-tests--experiments
    (pcase-dolist
        (`(,text . ,offered)
         '(("[e|" "[e203]" "[e203.1]" "[e201]" "[e201.2]" "[e201.2.1]" "[e202]" "[e202.1]" "[e31]")
           ("[e20|" "[e203]" "[e203.1]" "[e201]" "[e201.2]" "[e201.2.1]" "[e202]" "[e202.1]")
           ("[e20|]" "[e203]" "[e203.1]" "[e201]" "[e201.2]" "[e201.2.1]" "[e202]" "[e202.1]")
           ("see [e201|" "[e201]" "[e201.2]" "[e201.2.1]")
           ("[e201.|" "[e201.2]" "[e201.2.1]" "[e201.1]")
           ("[e201.1|" "[e201.1]")
           ("[e202.|]" "[e202.1]")
           ("[e7|" "[e7]")              ; it is done, but nothing else is meant
           ("[e7.|" "[e7.1]")
           ("([e31|" "[e31]")
           ("[e99|")
           ("[e999.|")))
      (should (equal (cons text offered)
                     (cons text (explog-message-tests--offered text)))))))

(ert-deftest explog-message-test-offered-before-it-is-saved ()
  "What was captured just now is offered, saved or not, and so are unsaved steps."
  (explog-test-in-folder
    (let ((explog-log-captured nil)
          (explog-logs (list (expand-file-name "log.org"))))
      (write-region "* INPROGRESS [201] ABC :exp:\n** Experiments\n1. [X] Test without\n" nil "log.org")
      (with-current-buffer (find-file-noselect "log.org")
        (goto-char (point-max))
        (insert "2. [ ] Test with\n3. [ ] new here\n\n"
                "* TODO [204] Just now [0/1] :exp:\n** Experiments\n1. [ ] first\n"))
      (explog-message-tests--knowing explog-message-tests--experiments
        (should (equal '("[e201.2]" "[e201.3]" "[e201.1]")
                       (explog-message-tests--offered "[e201.|")))
        (should-not (explog-message-tests--offered "[e204|"))
        (explog-log-note-captured "204")
        (should (equal '("[e204]" "[e204.1]") (explog-message-tests--offered "[e204|")))
        (should (equal '("[e201.2.1]" "[e204]" "[e204.1]" "[e202]")
                       (seq-subseq (explog-message-tests--offered "[e|") 4 8)))
        (let ((annotate (completion-metadata-get
                         (completion-metadata
                          "[e" (nth 2 (explog-message-tests--message "[e|"
                                        (explog-message-complete)))
                          nil)
                         'annotation-function)))
          (should (equal "  TODO Just now [0/1]" (funcall annotate "[e204]")))
          (should (equal "  [ ] first" (funcall annotate "[e204.1]")))
          (should (equal "  [ ] new here" (funcall annotate "[e201.3]"))))
        ;; Once it is saved, the server tells.
        (with-current-buffer "log.org" (set-buffer-modified-p nil))
        (should-not (explog-message-tests--offered "[e204|"))))))

(ert-deftest explog-message-test-not-offered ()
  "Nothing is completed where no reference begins, nor in comments."
  (explog-message-tests--knowing explog-message-tests--experiments
    (dolist (text '("|" "[|" "e2|" "[elisp|" "weights[e2|" "[e201] |" "[E2|" "[e2\n|"
                    "# On [e2|" "x\n# ------------------------ >8 ------------------------\n+[e2|"))
      (should-not (explog-message-tests--message text (explog-message-complete))))))

(ert-deftest explog-message-test-styles ()
  "Styles that look for a part of a candidate find the same."
  (explog-message-tests--knowing explog-message-tests--experiments
    (dolist (style '(basic substring flex partial-completion))
      (let ((completion-styles (list style)))
        (should (member "[e201.2]" (explog-message-tests--offered "[e201.|")))
        (should (member "[e203.1]" (explog-message-tests--offered "[e20|]")))))))

(ert-deftest explog-message-test-completion-inserts-all ()
  "The whole reference is inserted, with one bracket."
  (explog-message-tests--knowing explog-message-tests--experiments
    (pcase-dolist (`(,before . ,after) '(("[e202.|" . "[e202.1]|")
                                         ("[e202.|]" . "[e202.1]|")
                                         ("x [e31|, y" . "x [e31]|, y")
                                         ("[e31|Train" . "[e31]|Train")))
      (explog-message-tests--message before
        (let ((completion-at-point-functions '(explog-message-complete)))
          (completion-at-point)
          (should (equal (cons before after)
                         (cons before (explog-message-tests--text)))))))))

(ert-deftest explog-message-test-no-second-bracket ()
  "A front end that inserts before the bracket that is there leaves one of them."
  (explog-message-tests--message "[e201]|] x"
    (explog-message-complete--exit "[e201]" 'finished)
    (should (equal "[e201]| x" (explog-message-tests--text))))
  (explog-message-tests--message "[e201]| x"
    (explog-message-complete--exit "[e201]" 'finished)
    (should (equal "[e201]| x" (explog-message-tests--text)))))

(ert-deftest explog-message-test-others-get-their-turn ()
  "What is no reference of ours is left to the next function."
  (explog-message-tests--knowing explog-message-tests--experiments
    (explog-message-tests--message "[e99|"
      (let ((completion-at-point-functions
             (list #'explog-message-complete
                   (lambda () (list (- (point) 2) (point) '("99 bottles"))))))
        (completion-at-point)
        (should (equal "[e99 bottles|" (explog-message-tests--text)))))))

(ert-deftest explog-message-test-metadata ()
  "Candidates say state, title and progress, and are grouped by experiment."
  (explog-message-tests--knowing explog-message-tests--experiments
    (let* ((table (nth 2 (explog-message-tests--message "[e|" (explog-message-complete))))
           (metadata (completion-metadata "[e" table nil))
           (annotate (completion-metadata-get metadata 'annotation-function))
           (group (completion-metadata-get metadata 'group-function)))
      (should (eq 'explog-reference (completion-metadata-get metadata 'category)))
      (should (equal "  INPROGRESS ABC in \\[XYZ] [1/3]" (funcall annotate "[e201]")))
      (should (equal "  [ ] Test with" (funcall annotate "[e201.2]")))
      (should (equal "  [X] Test without" (funcall annotate "[e201.1]")))
      (should (equal "201 ABC in \\[XYZ]" (funcall group "[e201.2]" nil)))
      (should (equal "201 ABC in \\[XYZ]" (funcall group "[e201]" nil)))
      (should (equal "202 Deeper" (funcall group "[e202]" nil)))
      (should (equal "Experiments" (funcall group "[e31]" nil)))
      (should (equal "[e201.2]" (funcall group "[e201.2]" t))))))

(ert-deftest explog-message-test-completion-asks ()
  "What is not known is asked for, and there at the next key."
  (explog-message-tests--knowing nil
    (should-not (explog-message-tests--offered "[e201.|"))
    (should (member "201" asked))
    (explog-message-tests--know "201" (nth 1 explog-message-tests--experiments))
    (should (equal '("[e201.2]" "[e201.2.1]" "[e201.1]")
                   (explog-message-tests--offered "[e201.|")))))

;;;; Marks

(defun explog-message-tests--marks ()
  "Return (TEXT . HELP) of what is marked in this buffer, in order."
  (explog-message-check--fontify (point-min) (point-max))
  (let (marks)
    (dolist (overlay (overlays-in (point-min) (point-max)))
      (when (overlay-get overlay 'face)
        (push (list (overlay-start overlay)
                    (buffer-substring-no-properties (overlay-start overlay)
                                                    (overlay-end overlay))
                    (substring-no-properties (overlay-get overlay 'help-echo)))
              marks)))
    (mapcar (lambda (mark) (cons (nth 1 mark) (nth 2 mark)))
            (sort marks #'car-less-than-car))))

(defun explog-message-tests--wrong (text)
  "Return what is marked in a message with TEXT."
  (explog-message-tests--message text
    (mapcar #'car (explog-message-tests--marks))))

(ert-deftest explog-message-test-marked ()
  "References that lead nowhere are marked, and what may be meant to be one."
  (explog-message-tests--knowing explog-message-tests--experiments
    (dolist (id '("999" "201-1" "999x"))
      (explog-message-tests--know id 'unknown))
    (pcase-dolist
        (`(,text . ,wrong)
         '(("[e201.2] Train, as in [e7]")
           ("[e999] Train" "[e999]")
           ("[e999x.1]" "[e999x.1]")
           ("[e201.9] and [e201.2.2]" "[e201.9]" "[e201.2.2]")
           ("[e201-1]" "[e201-1]")
           ("[E201] Train" "[E201]")
           ("[e 201.1]" "[e 201.1]")
           ("[e201,1]" "[e201,1]")
           ("[e201, 1]" "[e201, 1]")
           ("[e201:2]" "[e201:2]")
           ("[e201 .2]" "[e201 .2]")
           ("[e201.]" "[e201.]")
           ("(e201.1) and {e201}" "(e201.1)" "{e201}")
           ("[e201.1) Train" "[e201.1)")
           ("[e201.2 Train" "[e201.2")
           ("[e201, e202] both" "[e201")
           ("[201.2] Train" "[201.2]")
           ;; None of these may be a reference to what there is.
           ("[E999] (e999.1) [e 999]")
           ("[E201.9] (e7.2)")
           ("[201] (201.2) [201.9] [201 .2]")
           ("weights[e999] weights[E201]")
           ("https://example.org/[e999]")
           ("elif[e201.2 x")
           ("# [e999]\n# [E201]")
           ("x\n\n# ------------------------ >8 ------------------------\n+[e999]")
           ("fine\n\n[e999]\n# [e999]\n" "[e999]")))
      (should (equal (cons text wrong)
                     (cons text (explog-message-tests--wrong text)))))))

(ert-deftest explog-message-test-marks-say-why ()
  "The tooltip of a mark says what is wrong, that of another what it is."
  (explog-message-tests--knowing explog-message-tests--experiments
    (explog-message-tests--know "999" 'unknown)
    (explog-message-tests--message "[e999] [e201.9] [E201] (e201,2) [e201.1]"
      (should (equal '(("[e999]" . "[e999]: no log has experiment 999")
                       ("[e201.9]" . "[e201.9]: 201 has no step 9")
                       ("[E201]" . "[E201]: [e201] may be meant")
                       ("(e201,2)" . "(e201,2): [e201.2] may be meant"))
                     (explog-message-tests--marks)))
      (goto-char (1- (point-max)))
      (let ((help (get-char-property (point) 'help-echo)))
        (should (string-match-p "ABC in \\\\\\[XYZ] · 1 Test without .* 83d45cd" help))
        (should (get-text-property 0 'help-echo-inhibit-substitution help))
        (should-not (get-char-property (point) 'face))))))

(ert-deftest explog-message-test-unknown-is-not-wrong ()
  "What is not known yet is not marked, but asked for, and marked when it is."
  (explog-message-tests--knowing nil
    (explog-message-tests--message "[e999] Train"
      (should-not (explog-message-tests--marks))
      (should (equal '("999") (delete-dups asked)))
      (explog-message-tests--know "999" 'unknown)
      (should (equal '("[e999]") (mapcar #'car (explog-message-tests--marks))))
      (explog-message-tests--know "999" (car explog-message-tests--experiments))
      (should-not (explog-message-tests--marks)))))

(ert-deftest explog-message-test-problems ()
  "When it is finished, what the server does not tell of is told, each once."
  (explog-message-tests--knowing explog-message-tests--experiments
    (explog-message-tests--know "999" 'unknown)
    (pcase-dolist (`(,text . ,problems)
                   '(("[e201.2] fine")
                     ("[e201.9] the server tells")
                     ("[e999]\n\n[e999] [E201]\n# [E202]"
                      "[e999]: no log has experiment 999"
                      "[E201]: [e201] may be meant")))
      (should (equal problems (explog-message-tests--message text
                                (narrow-to-region 1 2)
                                (explog-message-check-problems)))))))

(ert-deftest explog-message-test-hostile-message ()
  "A long message with nothing but brackets costs next to nothing."
  (explog-message-tests--knowing explog-message-tests--experiments
    (explog-message-tests--message (concat (make-string 20000 ?\[)
                                           (apply #'concat (make-list 5000 "[e201 "))
                                           (make-string 20000 ?\s))
      (should (length= (explog-message-tests--marks) 5000)))))

;;;; The step worked on last

(defun explog-message-tests--insert (text recent &optional times)
  "Return TEXT after `explog-message-insert-last', done TIMES.
RECENT is what was committed last."
  (explog-message-tests--message text
    (setq explog-message-last--recent recent)
    (let ((inhibit-message t))
      (dotimes (_ (or times 1))
        (explog-message-insert-last)))
    (explog-message-tests--text)))

(ert-deftest explog-message-test-insert-last ()
  "The reference comes in front of the subject, and point goes behind it."
  (explog-message-tests--knowing explog-message-tests--experiments
    (explog-message-tests--know "999" 'unknown)
    (pcase-dolist
        (`(,before ,recent ,after)
         '(("|\n\n# Please" (("201" . "1")) "[e201.1] |\n\n# Please")
           ("\n# Pl|ease" (("201" . "1")) "[e201.1] \n# Pl|ease")
           ("Train|" (("201" . "1")) "[e201.1] Train|")
           ("|Train" (("201")) "[e201] |Train")
           ("\n\nTrain|\n" (("201" . "1")) "\n\n[e201.1] Train|\n")
           ("[e7] Train|" (("201" . "1")) "[e201.1] [e7] Train|")
           ("|" (("999" . "1") ("201" . "1")) "[e201.1] |")
           ;; Without commits it is what is in progress, touched last.
           ("|" nil "[e203.1] |")))
      (should (equal (cons before after)
                     (cons before (explog-message-tests--insert before recent)))))))

(ert-deftest explog-message-test-insert-next ()
  "Each further key puts the next likely one in its place, and goes round."
  (explog-message-tests--knowing explog-message-tests--experiments
    (should (equal '("[e201.1] x|" "[e201.2] x|" "[e202.1] x|" "[e203.1] x|" "[e201.1] x|")
                   (mapcar (lambda (times)
                             (explog-message-tests--insert
                              "x|" '(("201" . "1") ("202" . "1")) times))
                           '(1 2 3 4 5))))
    (should (equal "[e201.2] |Train"
                   (explog-message-tests--insert "[e201.1]| Train" '(("201" . "1")))))))

(ert-deftest explog-message-test-insert-not-what-is-done ()
  "No open step is proposed of an experiment that is done."
  (explog-message-tests--knowing explog-message-tests--experiments
    (explog-message-tests--know "205" (explog-test-experiment
                                        :ident "205" :title "Dropped" :todo "DONE" :done t
                                        :steps '((:number "1" :box " " :text "One"))))
    (should (equal '("[e205.2] x|" "[e203.1] x|" "[e201.2] x|")
                   (mapcar (lambda (times)
                             (explog-message-tests--insert "x|" '(("205" . "2")) times))
                           '(1 2 3))))))

(ert-deftest explog-message-test-insert-is-one-undo ()
  "One undo takes it back."
  (explog-message-tests--knowing explog-message-tests--experiments
    (explog-message-tests--message "Train|"
      (setq buffer-undo-list nil
            explog-message-last--recent '(("201" . "1")))
      (let ((inhibit-message t))
        (explog-message-insert-last))
      (primitive-undo 1 buffer-undo-list)
      (should (equal "Train" (buffer-string))))))

(ert-deftest explog-message-test-insert-in-vc ()
  "In vc the subject is behind its header."
  (explog-message-tests--knowing explog-message-tests--experiments
    (pcase-dolist (`(,before . ,after) '(("Summary: |\n\n" . "Summary: [e201.1] |\n\n")
                                         ("Amend: yes\nSummary: Train|" .
                                          "Amend: yes\nSummary: [e201.1] Train|")
                                         ("|Train" . "[e201.1] |Train")))
      (with-temp-buffer
        (log-edit-mode)
        (insert before)
        (goto-char (point-min))
        (search-forward "|")
        (delete-char -1)
        (setq explog-message-last--recent '(("201" . "1")))
        (let ((inhibit-message t))
          (explog-message-insert-last))
        (should (equal (cons before after)
                       (cons before (explog-message-tests--text))))))))

(ert-deftest explog-message-test-insert-nothing ()
  "Where there is nothing to insert, or no place for it, a message says so."
  (explog-message-tests--knowing nil
    (explog-message-tests--message "|"
      (setq explog-message-last--recent nil)
      (should-error (explog-message-insert-last) :type 'user-error)))
  (explog-message-tests--knowing explog-message-tests--experiments
    (dolist (subject '("fixup! Train" "squash! Train" "amend! Train"))
      (should-error (explog-message-tests--insert subject '(("201" . "1")))
                    :type 'user-error))
    (explog-message-tests--message "Train"
      (setq buffer-read-only t)
      (should-error (call-interactively #'explog-message-insert-last)
                    :type 'buffer-read-only)
      (should (equal "Train" (buffer-string))))))

(ert-deftest explog-message-test-insert-narrowed ()
  "In a narrowed buffer the subject is still the first line."
  (explog-message-tests--knowing explog-message-tests--experiments
    (explog-message-tests--message "Train\n\nbody|"
      (setq explog-message-last--recent '(("201" . "1")))
      (narrow-to-region 8 (point-max))
      (let ((inhibit-message t))
        (explog-message-insert-last))
      (should (equal "body|" (explog-message-tests--text)))
      (widen)
      (should (equal "[e201.1] Train\n\nbody|" (explog-message-tests--text))))))

;;;; On and off

(ert-deftest explog-message-test-key-is-free ()
  "The key is not one of magit's, log-edit's or vc's."
  (require 'vc-git)
  (dolist (map (list (and (boundp 'git-commit-mode-map) git-commit-mode-map)
                     log-edit-mode-map
                     (and (boundp 'vc-git-log-edit-mode-map) vc-git-log-edit-mode-map)))
    (when map
      (should-not (commandp (lookup-key map (kbd "C-c [")))))))

(ert-deftest explog-message-test-on-and-off ()
  "It is on in messages, also those begun before, and leaves nothing behind."
  (let ((explog-logs nil) (explog-repositories nil) (inhibit-message t)
        (before nil) (hooks '(log-edit-mode-hook git-commit-mode-hook
                                                 explog-cache-changed-functions
                                                 explog-server-ready-hook)))
    (explog-mode 1)
    (explog-mode -1)
    (setq before (mapcar (lambda (hook) (and (boundp hook) (default-value hook))) hooks))
    (with-temp-buffer
      (log-edit-mode)
      (should-not explog-message-mode)
      (unwind-protect
          (progn
            (explog-mode 1)
            (should explog-message-mode)
            (should (eq #'explog-message-insert-last (key-binding (kbd "C-c ["))))
            (should (memq #'explog-message-complete completion-at-point-functions))
            (with-temp-buffer
              (log-edit-mode)
              (should explog-message-mode)))
        (explog-mode -1))
      (should-not explog-message-mode)
      (should-not (memq #'explog-message-complete completion-at-point-functions))
      (should-not (memq #'explog-message--finished
                        (bound-and-true-p with-editor-pre-finish-hook)))
      (should-not (memq #'explog-message-check--fontify
                        (bound-and-true-p jit-lock-functions))))
    (should (equal before (mapcar (lambda (hook) (and (boundp hook) (default-value hook)))
                                  hooks)))))

(provide 'explog-message-tests)
;;; explog-message-tests.el ends here
